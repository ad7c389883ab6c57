import { runOrchestration, stub, type ActivityStub } from '@dtfx/testing'
import { describe, expect, it } from 'vitest'
import { checkFile, type CheckFileInput } from '../../src/activities/check-file.js'
import type { FileReport } from '../../src/check-report.js'
import { checkDirectory, type CheckDirectoryInput } from '../../src/orchestrations/check-directory.js'
import { fileReport } from '../report/sample-report.js'

const input: CheckDirectoryInput = { root: '/r', top: '/r', directory: 'docs', files: ['docs/a.md', 'docs/b.md', 'docs/c.md'], concurrency: 2, secondLookAfterMs: 300 }
const broken = [{ line: 1, target: 'x', reason: 'no such file' }]

function ioError(code: string): Error {
  return Object.assign(new Error(`${code}: it failed`), { code })
}

async function run(activity: ActivityStub<CheckFileInput, FileReport>, elapsedMs: number): Promise<Record<string, FileReport>> {
  const { output, elapsedMs: tookMs, customStatus } = await runOrchestration(checkDirectory, { input, activities: [activity] })
  expect(customStatus).toEqual({ done: 3 })
  expect(tookMs).toBe(elapsedMs)
  expect(output?.files.map((file) => file.path)).toEqual(input.files)
  return Object.fromEntries(output?.files.map((file) => [file.path, file]) ?? [])
}

describe('CheckDirectory', () => {
  it('checks every file, and is done when no link is broken', async () => {
    const check = stub(checkFile).returns(({ path }) => fileReport(path))
    await run(check, 0)
    expect(check.callCount).toBe(3)
  })

  it('tries again after errors that pass', async () => {
    const check = stub(checkFile).returns(({ path }) => fileReport(path)).failsTimes(1, ioError('EBUSY'))
    expect((await run(check, 200))['docs/a.md']?.status).toBe('checked')
    expect(check.callCount).toBe(4)
  })

  it('reports a file that cannot be read, after a second look, without retries', async () => {
    const check = stub(checkFile).returns(({ path }) => {
      if (path === 'docs/b.md') throw ioError('EACCES')
      return fileReport(path)
    })
    expect((await run(check, 300))['docs/b.md']).toMatchObject({ status: 'unreadable', problem: 'no permission to read it' })
    expect(check.callCount).toBe(4)
  })

  it('looks again at broken links only, after a pause, and believes the second look', async () => {
    const seen = new Set<string>()
    const check = stub(checkFile).returns(({ path }) => {
      const isFirst = !seen.has(path)
      seen.add(path)
      if (path === 'docs/a.md' && isFirst) return fileReport(path, { broken })
      return path === 'docs/c.md' ? fileReport(path, { broken }) : fileReport(path)
    })
    const reports = await run(check, 300)
    expect(reports['docs/a.md']?.brokenCount).toBe(0)
    expect(reports['docs/c.md']?.brokenCount).toBe(1)
    expect(check.calls.map((call) => call.input.path).sort()).toEqual(['docs/a.md', 'docs/a.md', 'docs/b.md', 'docs/c.md', 'docs/c.md'])
  })
})
