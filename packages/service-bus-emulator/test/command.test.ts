/** The command: arguments, configuration files, what it prints, how it stops. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ServiceBusClient } from '@azure/service-bus'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCommand } from '../src/cli/run-command.js'
import { bodies, eventually, receive } from './test-bed.js'

let folder: string
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'emulator-command-'))))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function written(name: string, content: unknown): string {
  const path = join(folder, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

/** Runs the command until `use` is done. */
async function command(args: readonly string[], use: (lines: readonly string[]) => Promise<void> = async () => undefined): Promise<{ code: number; lines: string[]; errors: string[] }> {
  const lines: string[] = []
  const errors: string[] = []
  let resolve!: (signal: string) => void
  const promise = new Promise<string>((stop) => void (resolve = stop))
  const exit = runCommand({ args, version: '1.2.3', print: (line) => lines.push(line), printError: (line) => errors.push(line), stopRequested: promise })
  try {
    await Promise.race([use(lines), exit])
  } finally {
    resolve('SIGTERM')
  }
  return { code: await exit, lines, errors }
}

const connectionStringIn = (lines: readonly string[]): string | undefined => /Endpoint=\S+/.exec(lines.join('\n'))?.[0]

async function started(lines: readonly string[]): Promise<string> {
  await eventually(() => connectionStringIn(lines) !== undefined)
  return connectionStringIn(lines)!
}

describe('the command', () => {
  it('starts, says what happens, and stops in order', async () => {
    const config = written('queues.json', [{ name: 'orders', requiresSession: true }])
    const { code, lines, errors } = await command(['--port', '0', '--config', config, '--queue', 'plain'], async (printed) => {
      const client = new ServiceBusClient(await started(printed))
      await client.createSender('orders').sendMessages({ body: 1, sessionId: 'a' })
      const receiver = await client.acceptNextSession('orders')
      const [message] = await receive(receiver, 1)
      await receiver.completeMessage(message!)
      await client.close()
    })
    expect([code, errors]).toEqual([0, []])
    const text = lines.join('\n')
    for (const expected of [/listening on 127\.0\.0\.1:\d+/, /queues: orders, plain/, /UseDevelopmentEmulator=true/, /#1 connected/, /orders: 1 message sent/, /session 'a' accepted/, /orders: 1 message settled: complete/, /SIGTERM: stopping/, /stopped/]) {
      expect(text).toMatch(expected)
    }
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} /)
  })

  it('quiet: prints the connection string alone, and runs until it is stopped', async () => {
    let isUsed = false
    const { code, lines } = await command(['--port', '0', '--quiet', '--queue', 'q'], async (printed) => {
      const client = new ServiceBusClient(await started(printed))
      await client.createSender('q').sendMessages({ body: 1 })
      await client.close()
      isUsed = true
    })
    expect([code, lines.length, isUsed]).toEqual([0, 1, true])
    expect(lines[0]).toMatch(/^Endpoint=sb:/)
  })

  it('keeps its file over a restart', async () => {
    const args = ['--port', '0', '--quiet', '--queue', 'q', '--file', join(folder, 'kept.log')]
    await command(args, async (lines) => {
      const client = new ServiceBusClient(await started(lines))
      await client.createSender('q').sendMessages({ body: 'kept' })
      await client.close()
    })
    await command(args, async (lines) => {
      const client = new ServiceBusClient(await started(lines))
      expect(bodies(await receive(client.createReceiver('q', { receiveMode: 'receiveAndDelete' }), 1))).toEqual(['kept'])
      await client.close()
    })
  })

  it('takes the configuration of the emulator of Microsoft', async () => {
    const config = written('config.json', {
      UserConfig: { Namespaces: [{ Name: 'sbemulatorns', Queues: [{ Name: 'queue.1', Properties: { DeadLetteringOnMessageExpiration: false, DefaultMessageTimeToLive: 'PT1H', LockDuration: 'PT1M', MaxDeliveryCount: 3, ForwardTo: '', ForwardDeadLetteredMessagesTo: '', RequiresSession: true } }] }], Logging: { Type: 'File' } },
    })
    await command(['--port', '0', '--config', config], async (lines) => {
      const client = new ServiceBusClient(await started(lines))
      await (await client.acceptSession('queue.1', 'a')).close()
      await client.close()
    })
  })

  it.each<[string, readonly string[], RegExp]>([
    ['--help', ['--help'], /Usage: dtfx-service-bus-emulator/],
    ['--version', ['--version'], /^1\.2\.3$/],
  ])('%s', async (_what, args, expected) => {
    const { code, lines } = await command(args)
    expect(code).toBe(0)
    expect(lines.join('\n')).toMatch(expected)
  })

  it.each<[string, () => readonly string[], RegExp]>([
    ['an unknown argument', () => ['--prot', '1'], /DTFX_EMULATOR_OPTIONS: .*--prot.*See --help/s],
    ['a port that is none', () => ['--port', 'x'], /The option port must be a port number/],
    ['a file that is not there', () => ['--config', join(folder, 'none.json')], /Cannot read .*none\.json/],
    ['a file that is no JSON', () => ['--config', written('bad.json', '{')], /bad\.json is no JSON/],
    ['a file of something else', () => ['--config', written('other.json', { topics: [] })], /must hold a list of queues/],
    ['a wrong queue in the file', () => ['--config', written('wrong.json', { queues: [{ name: 'q', locks: 1 }] })], /queues\[0\]: there is no option 'locks'/],
    ['topics in a file of Microsoft', () => ['--config', written('topics.json', { UserConfig: { Namespaces: [{ Topics: [{ Name: 't' }] }] } })], /has the topic 't'; this emulator has queues only/],
    ['half a certificate', () => ['--tls-cert', 'x'], /--tls-cert and --tls-key go together/],
  ])('%s is refused', async (_what, args, expected) => {
    const { code, errors } = await command(args())
    expect(code).toBe(1)
    expect(errors.join('\n')).toMatch(expected)
  })
})
