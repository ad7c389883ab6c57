import { createTestHub, stub, type TestHub } from '@dtfx/testing'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { checkFile } from '../src/activities/check-file.js'
import { listMarkdown } from '../src/activities/list-markdown.js'
import { writeReport } from '../src/activities/write-report.js'
import type { Approver } from '../src/approval.js'
import { checkDirectory } from '../src/orchestrations/check-directory.js'
import { checkRun, type RunInput } from '../src/orchestrations/check-run.js'
import type { Snapshot } from '../src/progress-view.js'
import { watchRun, type Watch } from '../src/watch-run.js'
import { fileReport } from './report/sample-report.js'

const input: RunInput = {
  root: '/r',
  top: '/r',
  title: 'r',
  include: ['.'],
  reportFolder: '/r/out',
  directoriesAtOnce: 2,
  filesAtOnce: 1,
  secondLookAfterMs: 10,
  approvalTimeoutMs: 60_000,
}

interface Watched {
  readonly hub: TestHub
  readonly watch: Watch
  readonly shown: Snapshot[]
  readonly interrupt: AbortController
}

/** A run of two files, on real time because the watcher lives in it. */
async function watched(approver: Approver): Promise<Watched> {
  const list = stub(listMarkdown).returns({ directories: [{ directory: '.', files: ['a.md', 'b.md'] }], unreadable: [] })
  const activities = [list, stub(checkFile).returns(({ path }) => fileReport(path)), stub(writeReport).returns({ markdown: 'm', html: 'h' })]
  const hub = await createTestHub({ orchestrations: [checkRun, checkDirectory], activities, clock: 'real' })
  onTestFinished(() => hub.stop())
  const shown: Snapshot[] = []
  const interrupt = new AbortController()
  const view = { update: (snapshot: Snapshot) => void shown.push(snapshot), note: () => {}, stop: () => {} }
  const run = await hub.client.start(checkRun, input)
  return { hub, shown, interrupt, watch: { client: hub.client, run, view, approver, reportFolder: '/r/out', interrupted: interrupt.signal } }
}

describe('watchRun', () => {
  it.each([
    [true, 'written'],
    [false, 'denied'],
  ])('asks with what was found, and passes the answer %s on', async (answer, kind) => {
    const asked: string[] = []
    const { watch, shown } = await watched(async (summary, question) => {
      asked.push(`${summary} | ${question}`)
      return answer
    })
    expect(await watchRun(watch)).toBe('ended')
    expect((await watch.run.result()).outcome.kind).toBe(kind)
    expect(asked).toEqual(['No broken links in 2 files · 3,000 words · 6 links checked · 2 external, not checked | Write the report to /r/out?'])
    expect(shown.at(-1)).toEqual({ done: 2, files: 2 })
  })

  it('asks once, however long the answer takes to arrive', async () => {
    let count = 0
    const { watch, hub } = await watched(async () => {
      count++
      await hub.worker.stop()
      return true
    })
    const watching = watchRun(watch)
    await vi.waitFor(() => expect(hub.worker.state).toBe('stopped'), { timeout: 5_000 })
    await vi.waitFor(async () => expect((await watch.run.state())?.customStatus).toMatchObject({ phase: 'approval' }))
    await hub.worker.start()
    expect(await watching).toBe('ended')
    expect(count).toBe(1)
  })

  it('leaves the run alone when the person leaves', async () => {
    const { watch } = await watched(async () => undefined)
    expect(await watchRun(watch)).toBe('interrupted')
    expect((await watch.run.state())?.status).toBe('Running')
  })

  it('stops at once when it is interrupted', async () => {
    const { watch, interrupt } = await watched(async () => true)
    interrupt.abort()
    expect(await watchRun(watch)).toBe('interrupted')
  })

  it('takes the question back when the run no longer waits', async () => {
    const { watch } = await watched(async (_summary, _question, signal) => {
      await watch.run.terminate('enough')
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined)))
    })
    expect(await watchRun(watch)).toBe('ended')
    expect((await watch.run.state())?.status).toBe('Terminated')
  })
})
