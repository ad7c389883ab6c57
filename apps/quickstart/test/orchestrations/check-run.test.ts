import { runOrchestration, stub, type OrchestrationRun, type ScriptedEvent } from '@dtfx/testing'
import { describe, expect, it } from 'vitest'
import { listMarkdown, type ListResult } from '../../src/activities/list-markdown.js'
import { writeReport } from '../../src/activities/write-report.js'
import type { CheckDirectoryInput } from '../../src/orchestrations/check-directory.js'
import { approve, checkRun, type RunInput, type RunResult } from '../../src/orchestrations/check-run.js'
import { fileReport } from '../report/sample-report.js'

const input: RunInput = {
  root: '/r/docs',
  top: '/r',
  title: 'docs',
  include: ['.'],
  reportFolder: '/r/out',
  directoriesAtOnce: 2,
  filesAtOnce: 8,
  secondLookAfterMs: 300,
  approvalTimeoutMs: 600_000,
}
const listed: ListResult = { directories: ['.', 'a', 'b'].map((directory) => ({ directory, files: [`${directory}/x.md`] })), unreadable: [] }
const written = { markdown: '/r/out/report.md', html: '/r/out/report.html' }
const yes: ScriptedEvent = { event: approve, payload: { approved: true }, after: '5s' }

interface Script {
  readonly list?: ListResult
  readonly events?: readonly ScriptedEvent[]
}

function run({ list = listed, events = [yes] }: Script, write = stub(writeReport).returns(written)): Promise<OrchestrationRun<RunResult>> {
  return runOrchestration(checkRun, {
    input,
    activities: [stub(listMarkdown).returns(list), write],
    subOrchestrations: {
      CheckDirectory: (child) => {
        const { directory, files } = child as CheckDirectoryInput
        return { directory, files: files.map((path) => fileReport(path)) }
      },
    },
    events,
  })
}

describe('CheckRun', () => {
  it('checks every directory and writes the report when it is approved', async () => {
    const write = stub(writeReport).returns(written)
    const { output, elapsedMs, customStatus } = await run({}, write)
    expect(output?.outcome).toEqual({ kind: 'written', files: written })
    expect(output?.report.directories.map((each) => each.directory)).toEqual(['.', 'a', 'b'])
    expect(write.calls[0]?.input).toEqual({ root: '/r/docs', reportFolder: '/r/out', report: output?.report })
    expect(customStatus).toEqual({ phase: 'writing' })
    expect(elapsedMs).toBe(5_000)
  })

  it('writes nothing when it is denied', async () => {
    const write = stub(writeReport)
    const { output } = await run({ events: [{ event: approve, payload: { approved: false } }] }, write)
    expect(output?.outcome).toEqual({ kind: 'denied' })
    expect(write.callCount).toBe(0)
  })

  it('gives up the wait for an answer after its deadline', async () => {
    const { output, elapsedMs } = await run({ events: [] })
    expect(output?.outcome).toEqual({ kind: 'expired' })
    expect(elapsedMs).toBe(600_000)
  })

  it('keeps its findings when the report cannot be written', async () => {
    const { output } = await run({}, stub(writeReport).throws(Object.assign(new Error('read-only'), { code: 'EROFS' })))
    expect(output?.outcome).toEqual({ kind: 'failed', problem: 'read-only' })
    expect(output?.report.directories).toHaveLength(3)
  })

  it('reports folders it may not list', async () => {
    const { output } = await run({ list: { directories: [], unreadable: ['secret'] } })
    expect(output?.report.directories).toMatchObject([{ directory: 'secret', files: [{ path: 'secret/', status: 'unreadable' }] }])
  })

  it('asks nothing when there is nothing to report', async () => {
    const { output, customStatus } = await run({ list: { directories: [], unreadable: [] }, events: [] })
    expect(output?.outcome).toEqual({ kind: 'nothing-to-report' })
    expect(customStatus).toEqual({ phase: 'listing' })
  })
})
