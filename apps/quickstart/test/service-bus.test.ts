/** The built program on Service Bus without any set-up: both emulators come with it, and what is in them outlives the process that is killed. `pnpm build` comes first. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { quickstart } from './built-quickstart.js'
import { connectionString, freePorts } from './free-ports.js'
import { checkedIn, hasChecked, largeFolder, reportIn, undisturbedReport } from './large-folder.js'
import { temporaryFolder } from './temporary-folder.js'

describe('quickstart --provider service-bus', () => {
  it('is killed in the middle, goes on by the same command, and ends with the report of a run that was never stopped', async () => {
    const folder = await largeFolder(120)
    const { root } = folder
    const report = await undisturbedReport(folder)
    const options = JSON.stringify({ storageConnectionString: connectionString(await freePorts()) })
    const args = ['docs', '--provider', 'service-bus', '--options', options, '--emulator-data', 'data', '--verbose', '--no-timeline']

    const first = quickstart(root, ...args)
    await hasChecked(first, 60)
    first.kill()
    expect((await first.ended).stderr).toBe('')
    expect(first.output).toContain(`The bus is an emulator in this process, with its data in ${join(root, 'data/service-bus.log')}\n`)
    expect(first.output).not.toContain('Report:')

    const second = quickstart(root, ...args)
    const { code, stdout, stderr } = await second.ended
    expect([code, stderr]).toEqual([1, ''])
    expect(stdout).toMatch(/Going on where it stopped: at least \d+ files? in its history/)
    const here = new Set(checkedIn(stdout))
    const before = folder.files.size - here.size
    expect(stdout).toContain(`Of 120 files, ${here.size} were checked by this process; ${before} had been before, and were not checked again.`)
    // All that was under way when it was killed may run again: 4 folders, 8 files of each.
    expect(before).toBeGreaterThanOrEqual(60 - 32)
    expect(new Set([...checkedIn(first.output), ...here])).toEqual(folder.files)
    expect(await reportIn(join(root, 'quickstart-report'))).toEqual(report)
  }, 180_000)

  it('keeps two processes from opening one bus', async () => {
    const root = await temporaryFolder({ 'a.md': '# A', 'data/service-bus.json': JSON.stringify({ pid: process.pid }) })
    const args = ['.', '--provider', 'service-bus', '--emulator-data', 'data']
    const { code, stderr } = await quickstart(root, ...args).ended
    expect([code, stderr]).toEqual([2, `error: Process ${process.pid} is starting the bus of ${join(root, 'data')}: try again in a moment.\n`])
    await writeFile(join(root, 'data/service-bus.log'), 'no emulator wrote this\n')
    await writeFile(join(root, 'data/service-bus.json'), JSON.stringify({ pid: process.pid, connectionString: 'Endpoint=sb://127.0.0.1:1;UseDevelopmentEmulator=true' }))
    expect((await quickstart(root, ...args).ended).stderr).toMatch(/^error: The Service Bus emulator did not start: .*line 1/)
  })
})
