/** The whole job on the in-memory provider: real activities on a folder of files, virtual time, a worker that is lost half-way. */
import { createTestHub, replayHistory, type TestHub } from '@dtfx/testing'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkFile } from '../src/activities/check-file.js'
import { listMarkdown } from '../src/activities/list-markdown.js'
import { writeReport } from '../src/activities/write-report.js'
import { filesOf, totalsOf } from '../src/check-report.js'
import { checkDirectory } from '../src/orchestrations/check-directory.js'
import { approve, checkRun, type RunInput } from '../src/orchestrations/check-run.js'
import { timelineRows } from '../src/report/timeline.js'
import { temporaryFolder } from './temporary-folder.js'

function newHub(): Promise<TestHub> {
  return createTestHub({ orchestrations: [checkRun, checkDirectory], activities: [listMarkdown, checkFile, writeReport] })
}

function inputFor(root: string): RunInput {
  const reportFolder = join(root, 'quickstart-report')
  return { root, top: root, title: 'fixture', include: ['.'], reportFolder, directoriesAtOnce: 2, filesAtOnce: 2, secondLookAfterMs: 250, approvalTimeoutMs: 600_000 }
}

const files = {
  'README.md': '# Fixture\n[a](docs/a.md#a-heading) [b](docs/nope.md)',
  'docs/a.md': '# A heading\n[up](../README.md#fixture)',
  'docs/b.md': '[bad](a.md#none)',
  'docs/deep/c.md': 'text',
}

describe('a run', () => {
  it('survives the loss of its worker, waits for approval, and writes what it found', async () => {
    const root = await temporaryFolder(files)
    await using hub = await newHub()
    const run = await hub.client.start(checkRun, inputFor(root), { instanceId: 'run' })
    await hub.runUntilIdle()
    expect((await run.state())?.customStatus).toMatchObject({ phase: 'checking', files: 4, done: 0, open: ['run:0', 'run:1'] })

    await hub.restartWorker()
    await hub.advance('250ms')
    expect((await run.state())?.customStatus).toMatchObject({ phase: 'approval', totals: { files: 4, links: 4, broken: 2 } })

    await hub.restartWorker()
    await run.raiseEvent(approve, { approved: true })
    const { report, outcome } = await run.result()
    expect(outcome).toEqual({ kind: 'written', files: { markdown: join(root, 'quickstart-report/report.md'), html: join(root, 'quickstart-report/report.html') } })
    expect(totalsOf(filesOf(report))).toMatchObject({ files: 4, broken: 2 })
    expect(await readFile(join(root, 'quickstart-report/report.md'), 'utf8')).toContain('**2 broken links.** 3 folders · 4 files')
    expect(await readFile(join(root, 'quickstart-report/report.html'), 'utf8')).toContain('2 broken links')

    const history = await run.history()
    await replayHistory(checkRun, history)
    await replayHistory(checkDirectory, await hub.client.history('run:1'))
    expect(timelineRows(history.events).map((row) => row.event)).toContain('event raised')
  })

  it('ends without a report when nobody answers in ten minutes', async () => {
    const root = await temporaryFolder({ 'a.md': 'fine' })
    await using hub = await newHub()
    const run = await hub.client.start(checkRun, inputFor(root))
    await hub.advance('599s')
    expect((await run.state())?.status).toBe('Running')
    await hub.advance('1s')
    expect((await run.result()).outcome).toEqual({ kind: 'expired' })
    await expect(readFile(join(root, 'quickstart-report/report.md'))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('does not look at its own report the next time', async () => {
    const root = await temporaryFolder({ 'a.md': 'fine' })
    await using hub = await newHub()
    for (let round = 0; round < 2; round++) {
      const run = await hub.client.start(checkRun, inputFor(root), { instanceId: 'run', reuse: 'replaceFinished', event: { event: approve, payload: { approved: true } } })
      expect(totalsOf(filesOf((await run.result()).report)).files).toBe(1)
    }
  })
})
