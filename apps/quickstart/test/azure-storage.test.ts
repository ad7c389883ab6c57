/** The built program on Azure Storage: it starts its own emulator, is killed, goes on where it was, and says clearly when it cannot. `pnpm build` comes first. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { probePorts } from '../src/emulator/probe-ports.js'
import { quickstart } from './built-quickstart.js'
import { connectionString, freePorts, listen, portOf } from './free-ports.js'
import { temporaryFolder } from './temporary-folder.js'


async function reportIn(folder: string): Promise<string> {
  return readFile(join(folder, 'report.md'), 'utf8')
}

describe('quickstart --provider azure-storage', () => {
  it('starts an emulator, is killed, goes on where it was, and ends with the report of a run that was never stopped', async () => {
    const files = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`docs/d${i % 3}/f${i}.md`, `# F${i}\n[self](#f${i}) ${i % 10 === 0 ? '[gone](gone.md)' : ''}`]))
    const root = await temporaryFolder(files)
    const ports = await freePorts()
    const args = ['docs', '--provider', 'azure-storage', '--connection-string', connectionString(ports), '--emulator-data', 'data', '--id', 'run', '-c', '1', '--no-timeline']

    const first = quickstart(root, ...args)
    await first.printed('Checked ')
    first.kill()
    const { stdout: before, stderr } = await first.ended
    expect(stderr).toBe('')
    expect(before).toContain(`No storage emulator listens on 127.0.0.1, port ${ports.join(', ')}: Azurite is started there for this run, with its data in ${join(root, 'data')}\n`)
    expect(before).not.toContain('Report:')

    const second = await quickstart(root, ...args).ended
    expect(second.stderr).toBe('')
    expect(second.code).toBe(1)
    expect(second.stdout).toMatch(/Going on where it stopped: [1-9]\d* files? in its history, not checked again\. /)
    expect(second.stdout).toContain('✗ 3 broken links in 30 files')

    const whole = await quickstart(root, 'docs', '--provider', 'memory', '--report', 'whole').ended
    expect(whole.code).toBe(1)
    expect(await reportIn(join(root, 'quickstart-report'))).toBe(await reportIn(join(root, 'whole')))
    // The emulator ended with the run.
    expect([...(await probePorts({ host: '127.0.0.1', ports: { blob: ports[0]!, queue: ports[1]!, table: ports[2]! } })).values()]).toEqual(['free', 'free', 'free'])
  }, 180_000)

  it('says which port is taken by something that is no emulator', async () => {
    const root = await temporaryFolder({ 'a.md': '' })
    const [blob = 0, , table = 0] = await freePorts()
    const queue = portOf(await listen())
    const { code, stderr } = await quickstart(root, '.', '--provider', 'azure-storage', '--connection-string', connectionString([blob, queue, table]), '--emulator-data', 'data').ended
    expect(code).toBe(2)
    expect(stderr).toBe(`error: No storage emulator can be started: something else listens on port ${queue} of 127.0.0.1. Stop it, or give another account by --connection-string.\n`)
    expect(existsSync(join(root, 'data'))).toBe(false)
  })

  it('wants --provider with --connection-string', async () => {
    const root = await temporaryFolder({ 'a.md': '' })
    const { code, stderr } = await quickstart(root, '.', '--connection-string', 'UseDevelopmentStorage=true').ended
    expect(code).toBe(2)
    expect(stderr).toBe('error: --connection-string is that of a storage account: give --provider azure-storage as well.\n')
  })
})
