/** The built program as it is by default, on a SQLite file: killed in the middle of a large folder it goes on where it was, in one process and in two. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createOrchestrationService } from '@dtfx/sqlite'
import { describe, expect, it } from 'vitest'
import { quickstart } from './built-quickstart.js'
import { checkedIn, filesInHistory, hasChecked, largeFolder, reportIn, undisturbedReport } from './large-folder.js'
import { temporaryFolder } from './temporary-folder.js'

const inFile = (root: string) => createOrchestrationService({ file: join(root, '.dtfx/quickstart.db') })

describe('quickstart on SQLite', () => {
  it('is killed in the middle, goes on by the same command, repeats nothing, and ends with the report of a run that was never stopped', async () => {
    const folder = await largeFolder(200)
    const { root } = folder
    const report = await undisturbedReport(folder)

    const first = quickstart(root, 'docs', '--verbose')
    await hasChecked(first, 100)
    first.kill()
    expect((await first.ended).stderr).toBe('')
    expect(first.output).toContain(`Run ${folder.runId} on sqlite, process `)
    expect(first.output).toMatch(/Stored in .*quickstart\.db\. Stopped or killed at any moment, it goes on with: node .*main\.js docs --verbose\n/)
    expect(first.output).not.toContain('Report:')
    const done = await filesInHistory(inFile(root), folder.runId)
    expect(done.size).toBeGreaterThan(50)
    expect(done.size).toBeLessThan(200)

    const second = quickstart(root, 'docs', '--verbose')
    const { code, stdout, stderr } = await second.ended
    expect([code, stderr]).toEqual([1, ''])
    expect(stdout).toContain(`Going on where it stopped: ${done.size} files in its history, not checked again.`)
    const checked = checkedIn(second.output)
    expect(checked.filter((path) => done.has(path) && !folder.broken.has(path))).toEqual([])
    expect(checked.filter((path, index) => checked.indexOf(path) !== index && !folder.broken.has(path))).toEqual([])
    expect(new Set([...done, ...checked])).toEqual(folder.files)
    expect(stdout).toContain(`Of 200 files, ${new Set(checked).size} were checked by this process`)
    expect(stdout).toContain('✗ 3 broken links in 200 files')
    expect(await reportIn(join(root, 'quickstart-report'))).toEqual(report)
  }, 120_000)

  it('runs as two processes: the worker is killed, another one takes over', async () => {
    const folder = await largeFolder(120)
    const { root } = folder
    const report = await undisturbedReport(folder)

    const start = quickstart(root, 'start', 'docs')
    await start.printed((output) => /Nothing happens: is there a worker\? In another terminal: node .*main\.js worker\n/.test(output))
    const first = quickstart(root, 'worker', '--verbose', '--kill-after', '60')
    expect((await first.ended).code).toBe(null)
    expect(first.output).toContain('Killing this process (SIGKILL) after 60 checks')
    const done = await filesInHistory(inFile(root), folder.runId)

    const second = quickstart(root, 'worker', '--verbose')
    const { code, stdout, stderr } = await start.ended
    second.kill('SIGINT')
    const worker = await second.ended
    expect([code, stderr, worker.code, worker.stderr]).toEqual([1, '', 0, ''])
    expect(worker.stdout).toMatch(/Stopped\. \d+ files checked here/)
    expect(stdout).toContain('✗ 3 broken links in 120 files')
    expect(checkedIn(second.output).filter((path) => done.has(path) && !folder.broken.has(path))).toEqual([])
    expect(new Set([...checkedIn(first.output), ...checkedIn(second.output)])).toEqual(folder.files)
    expect(await reportIn(join(root, 'quickstart-report'))).toEqual(report)
  }, 120_000)

  it('is left by Ctrl+C in order, and taken up or started anew', async () => {
    const { root } = await largeFolder(60)
    const first = quickstart(root, 'docs', '--verbose')
    await hasChecked(first, 10)
    first.kill('SIGINT')
    const { code, stdout } = await first.ended
    expect(code).toBe(130)
    expect(stdout).toMatch(/Interrupted\. The run is stored; it goes on with: node .*main\.js docs --verbose\n$/)

    const joined = await quickstart(root, 'start', 'docs', '--wait', '1').ended
    expect(joined.stdout).toMatch(/It has been started before: \d+ files in its history, not checked again\.\n/)
    expect(joined.code).toBe(2)

    const elsewhere = await quickstart(root, 'docs', '--report', 'elsewhere', '--kill-after', '5').ended
    expect(elsewhere.stdout).toContain(`It was started with --report ${join(root, 'quickstart-report')}, where its report goes.`)
    const other = await quickstart(root, '.', '--id', /Run (\S+) on/.exec(stdout)?.[1] ?? '').ended
    expect(other.stderr).toContain(`has not ended and checks something else (${join(root, 'docs')}). Give another --id.`)

    const anew = await quickstart(root, 'docs', '--fresh').ended
    expect([anew.code, anew.stderr]).toEqual([1, ''])
    expect(anew.stdout).not.toContain('Going on')
  }, 60_000)

  it('runs again when it has ended, in a folder that git leaves alone', async () => {
    const root = await temporaryFolder({ 'a.md': '# A' })
    for (let round = 0; round < 2; round++) {
      const { code, stdout } = await quickstart(root, '.').ended
      expect(code).toBe(0)
      expect(stdout).not.toContain('Going on')
      expect(stdout).toContain('No broken links in 1 file')
    }
    expect(await readFile(join(root, '.dtfx/.gitignore'), 'utf8')).toBe('*\n')
  })

  it('gives up without a worker when it is told to wait so long only', async () => {
    const root = await temporaryFolder({ 'a.md': '# A' })
    const { code, stderr } = await quickstart(root, 'start', '.', '--wait', '1').ended
    expect(code).toBe(2)
    expect(stderr).toMatch(/^error: Nothing happened for 1 s\. The run is stored; a worker takes it up: node .*main\.js worker\n$/)
  })

  it('takes another file, or a configuration, at its word', async () => {
    const root = await temporaryFolder({ 'a.md': '# A', 'configured/dtfx.config.json': JSON.stringify({ provider: 'sqlite', options: { file: 'configured.db' } }), 'configured/a.md': '', blocked: 'a file' })
    expect((await quickstart(root, '.', '--provider', 'sqlite', '--options', '{"file":"other.db"}').ended).code).toBe(0)
    expect((await quickstart(join(root, 'configured'), '.').ended).code).toBe(0)
    expect([join(root, 'other.db'), join(root, 'configured/configured.db')].map((file) => existsSync(file))).toEqual([true, true])
    expect([join(root, '.dtfx'), join(root, 'configured/.dtfx')].map((file) => existsSync(file))).toEqual([false, false])
    const { code, stderr } = await quickstart(root, '.', '--provider', 'sqlite', '--options', '{"file":"blocked/x.db"}').ended
    expect(code).toBe(2)
    expect(stderr).toContain('DTFX_FILE_')
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
  })
})
