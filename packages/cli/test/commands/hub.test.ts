/** The commands on the hub and its quarantine, the options of every command, and errors. */
import { DurableError } from '@dtfx/core'
import { delegateService, type OrchestrationService, type QuarantinedMessage } from '@dtfx/core/provider'
import type { TestHub } from '@dtfx/testing'
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest'
import { CommandBench } from '../command-bench.js'
import { orderFlow, orderHub } from '../order-hub.js'

let hub: TestHub
beforeEach(async () => void (hub = await orderHub()))
afterEach(() => hub.stop())

const benchOn = (service: OrchestrationService | Error, answers?: readonly string[]): CommandBench => new CommandBench(service, { clock: hub.clock, ...(answers === undefined ? {} : { answers }) })
const located = (more: Partial<OrchestrationService> = {}): OrchestrationService => delegateService(hub.service, { location: "task hub 'Orders' of account 'acme'", ...more })

describe('hub', () => {
  it('show', async () => {
    const bench = benchOn(located())
    expect((await bench.run('hub', 'show')).stdout.split('\n').slice(0, 4)).toEqual(['Provider  store', "Task hub  task hub 'Orders' of account 'acme'", 'Messages  0 for orchestrations, 0 for activities', 'Commits   atomic'])
    expect((await bench.run('hub', 'show', '--json')).json).toMatchObject([{ provider: 'store', location: "task hub 'Orders' of account 'acme'", capabilities: { query: true }, backlog: { orchestrationBacklog: 0 } }])
    expect((await benchOn(located({ scale: undefined })).run('hub', 'show')).stdout).toContain('Messages  unknown to this provider\n')
  })

  it('create', async () => {
    let created = 0
    const bench = benchOn(located({ createHub: async () => void created++ }))
    expect(await bench.run('hub', 'create')).toMatchObject({ code: 0, stdout: "created: task hub 'Orders' of account 'acme'\n" })
    expect(created).toBe(1)
    await bench.run('list')
    expect(created).toBe(1)
  })

  it('reset asks, deletes and creates', async () => {
    await hub.client.start(orderFlow, { id: 'a' }, { instanceId: 'a' })
    const bench = benchOn(located(), [''])
    expect(await bench.run('hub', 'reset')).toMatchObject({ code: 1, stderr: 'Nothing was done.\n' })
    expect(bench.questions).toEqual(["Delete task hub 'Orders' of account 'acme', with all instances, histories and messages, and create it anew? [y/N] "])
    expect(await hub.client.state('a')).toBeDefined()
    expect(await benchOn(located()).run('hub', 'reset')).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes: is missing') as string })
    expect(await benchOn(located()).run('hub', 'reset', '-y', '--json')).toMatchObject({ code: 0, json: [{ hub: 'reset', location: "task hub 'Orders' of account 'acme'" }] })
    expect(await hub.client.state('a')).toBeUndefined()
  })

  it('reset waits until the store has deleted what it said it would', async () => {
    const tries: number[] = []
    const createHub = (): Promise<void> => {
      tries.push(hub.clock.nowMs())
      return tries.length < 4 ? Promise.reject(new DurableError('DTFX_TRANSIENT', { what: 'creating', problem: 'being deleted' })) : Promise.resolve()
    }
    const running = benchOn(located({ createHub })).run('hub', 'reset', '--yes')
    for (let i = 0; i < 4; i++) await hub.advance('5s')
    expect(await running).toMatchObject({ code: 0, stderr: "note: still working on task hub 'Orders' of account 'acme'\n" })
    expect(tries.map((ms) => ms - (tries[0] ?? 0))).toEqual([0, 5_000, 10_000, 15_000])

    const never = benchOn(located({ createHub: () => Promise.reject(new DurableError('DTFX_TRANSIENT', { what: 'creating', problem: 'being deleted' })) })).run('hub', 'reset', '--yes')
    for (let i = 0; i < 40; i++) await hub.advance('5s')
    expect(await never).toMatchObject({ code: 1, stderr: expect.stringMatching(/\[DTFX_TRANSIENT\]\n$/) as string })
  })

  it.each([['list'], ['show', 'a'], ['purge', 'a'], ['raise', 'a', 'E'], ['start', 'A']])('that is not there is an error of its own: %s', async (...args) => {
    const gone = { hubExists: () => Promise.resolve(false), query: { query: () => Promise.reject(new Error('404')) } }
    const { code, stderr } = await benchOn(located(gone)).run(...args)
    expect([code, stderr]).toEqual([1, "error: There is no task hub 'Orders' of account 'acme'. Check its name; a worker creates it when it starts, and so does dtfx hub create. [DTFX_HUB_NOT_FOUND]\n"])
  })
})

describe('quarantine', () => {
  const messages = (): Map<string, QuarantinedMessage> =>
    new Map(
      [
        { id: 'm1', instanceId: 'order-7', code: 'DTFX_POISON', reason: 'Middleware failed\n5 times', quarantinedAt: '2030-01-01T00:00:00.1234567Z', message: { event: { type: 'TaskCompleted', eventId: -1, taskScheduledId: 1, timestamp: '2030-01-01T00:00:00Z' }, instance: { instanceId: 'order-7' } } } as QuarantinedMessage,
        { id: 'm2', code: 'DTFX_WIRE_INVALID', reason: 'no JSON', quarantinedAt: '2030-01-01T00:00:00Z' },
      ].map((each) => [each.id, each]),
    )

  /** As a store has it: replayed messages may come back at once. */
  function quarantined(stored: Map<string, QuarantinedMessage>, replayed: string[] = [], comesBack = false): OrchestrationService {
    const quarantine: OrchestrationService['quarantine'] = {
      async *list() {
        yield* stored.values()
      },
      replay: async (id) => {
        const message = stored.get(id)
        if (message === undefined) return false
        replayed.push(id)
        stored.delete(id)
        if (comesBack) stored.set(id, message)
        return true
      },
      delete: async (id) => stored.delete(id),
    }
    return located({ quarantine })
  }

  it('list', async () => {
    const bench = benchOn(quarantined(messages()))
    expect((await bench.run('quarantine', 'list')).stdout).toBe(
      'MESSAGE  INSTANCE  EVENT          SINCE (UTC)          CODE               REASON\n' +
        'm1       order-7   TaskCompleted  2030-01-01 00:00:00  DTFX_POISON        Middleware failed 5 times\n' +
        'm2       -         unreadable     2030-01-01 00:00:00  DTFX_WIRE_INVALID  no JSON\n',
    )
    expect((await bench.run('quarantine', 'list', '--json')).json).toEqual([...messages().values()])
    expect(await benchOn(quarantined(new Map())).run('quarantine', 'list')).toMatchObject({ code: 0, stdout: '', stderr: 'The quarantine is empty.\n' })
  })

  it('replay', async () => {
    const replayed: string[] = []
    const bench = benchOn(quarantined(messages(), replayed))
    expect(await bench.run('quarantine', 'replay', 'm2', 'nothing')).toMatchObject({ code: 1, stdout: 'm2: replayed\n', stderr: "error: No message 'nothing' is set aside. [DTFX_MESSAGE_NOT_FOUND]\n" })
    expect(replayed).toEqual(['m2'])
  })

  it('replays all once, also those that come back', async () => {
    const replayed: string[] = []
    expect((await benchOn(quarantined(messages(), replayed, true)).run('quarantine', 'replay', '--all', '--json')).json).toEqual([
      { messageId: 'm1', outcome: 'replayed' },
      { messageId: 'm2', outcome: 'replayed' },
    ])
    expect(replayed).toEqual(['m1', 'm2'])
  })

  it('delete asks', async () => {
    const stored = messages()
    const bench = benchOn(quarantined(stored), ['no'])
    expect(await bench.run('quarantine', 'delete', 'm1')).toMatchObject({ code: 1, stderr: 'Nothing was done.\n' })
    expect(bench.questions).toEqual(["Delete message 'm1' in the quarantine of task hub 'Orders' of account 'acme'? [y/N] "])
    expect(await benchOn(quarantined(stored)).run('quarantine', 'delete', 'm1')).toMatchObject({ code: 2 })
    expect([...stored.keys()]).toEqual(['m1', 'm2'])
    expect(await benchOn(quarantined(stored)).run('quarantine', 'delete', '--all', '--yes')).toMatchObject({ code: 0, stdout: 'm1: deleted\nm2: deleted\n' })
  })

  it('wants ids or --all', async () => {
    const bench = benchOn(quarantined(messages()))
    expect(await bench.run('quarantine', 'replay')).toMatchObject({ code: 2, stderr: 'error: arguments: name no message; give ids, or --all [DTFX_INVALID_OPTION]\n' })
    expect(await bench.run('quarantine', 'delete', 'm1', '--all', '--yes')).toMatchObject({ code: 2 })
  })

  it('is refused by a provider that has none', async () => {
    const bench = benchOn(located({ quarantine: undefined }))
    for (const args of [['list'], ['replay', 'x'], ['delete', 'x', '--yes']]) {
      expect(await bench.run('quarantine', ...args)).toMatchObject({ code: 1, stderr: "error: Provider 'store' does not support looking at messages that were set aside. [DTFX_NOT_SUPPORTED]\n" })
    }
  })
})

describe('options of every command', () => {
  it('say which service is opened', async () => {
    const bench = benchOn(located())
    await bench.run('list', '--config', 'other.json')
    await bench.run('--provider', 'sqlite', 'list', '--options', '{"file":"x.db"}')
    expect(bench.opened).toEqual([
      { config: 'other.json', overrides: { provider: undefined, options: undefined, source: 'command line' } },
      { config: undefined, overrides: { provider: 'sqlite', options: { file: 'x.db' }, source: 'command line' } },
    ])
    expect(bench.closed).toBe(2)
  })

  it('close the service after an error too', async () => {
    const bench = benchOn(located())
    await bench.run('show', 'nobody')
    expect(bench.closed).toBe(1)
  })

  test('help and version are results', async () => {
    const bench = benchOn(located())
    expect(await bench.run('--version')).toMatchObject({ code: 0, stdout: '1.2.3\n' })
    expect(await bench.run('purge', '--help')).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/^Usage: dtfx purge[^]*--config <file>/) as string })
    expect(bench.opened).toEqual([])
  })

  it.each([
    [[], 2, /^Usage: dtfx/],
    [['bogus'], 2, /^error: unknown command 'bogus'/],
    [['lsit'], 2, /Did you mean list\?/],
    [['show'], 2, /^error: missing required argument 'id'/],
    [['show', 'a', '--ful'], 2, /^error: unknown option '--ful'\n\(Did you mean --full\?\)/],
    [['list', '--status', 'done'], 2, /Give one or more of Running/],
    [['list', '--limit', '0'], 2, /Give a whole number ≥ 1/],
    [['list', '--created-after', 'x'], 2, /Give a time like/],
    [['list', '--options', '[]'], 2, /Give a JSON object/],
    [['start', 'A', '--reuse', 'x'], 2, /Allowed choices are error, replaceFinished, skip, replace/],
  ])('mistakes: %j', async (args, code, text) => {
    const ran = await benchOn(located()).run(...args)
    expect(ran.stderr).toMatch(text)
    expect([ran.code, ran.stdout]).toEqual([code, ''])
  })

  test('mistakes as JSON', async () => {
    expect(JSON.parse((await benchOn(located()).run('list', '--limit', 'x', '--json')).stderr)).toEqual({
      error: { code: 'DTFX_INVALID_OPTION', message: "option '-l, --limit <count>' argument 'x' is invalid. Give a whole number ≥ 1.\nSee --help." },
    })
  })
})

describe('errors', () => {
  const config = new DurableError('DTFX_CONFIG_NOT_FOUND', { folder: '/app' })

  test('of a configuration are the caller’s', async () => {
    expect(await benchOn(config).run('list')).toMatchObject({ code: 2, stderr: expect.stringMatching(/add dtfx\.config\.json to \/app or a folder above it\. \[DTFX_CONFIG_NOT_FOUND\]\nHere: --config <file>, or --provider <name> --options <json>\.\n$/) as string })
    expect(JSON.parse((await benchOn(config).run('list', '--json')).stderr)).toMatchObject({ error: { code: 'DTFX_CONFIG_NOT_FOUND', hint: expect.stringContaining('--config') as string } })
  })

  test('of the store tell where it is', async () => {
    const query = { query: () => Promise.reject(new DurableError('DTFX_PERMANENT', { what: 'querying', problem: 'no permission' })) }
    expect(await benchOn(located({ query })).run('list')).toMatchObject({ code: 1, stderr: "note: it happened on task hub 'Orders' of account 'acme'\nerror: querying failed: no permission [DTFX_PERMANENT]\n" })
  })

  test('have their causes with --verbose', async () => {
    const query = { query: () => Promise.reject(new Error('outer', { cause: new TypeError('inner') })) }
    expect((await benchOn(located({ query })).run('list')).stderr).toBe('error: outer\n')
    expect((await benchOn(located({ query })).run('list', '--verbose')).stderr).toMatch(/^error: outer\nError: outer\n {4}at [^]*caused by TypeError: inner\n {4}at /)
  })

  test('a person who waits is told that something is under way', async () => {
    let release = (): void => undefined
    const query = { query: () => new Promise<never>((_, reject) => (release = () => reject(new Error('gave up')))) }
    const running = benchOn(located({ query })).run('list')
    await hub.advance('5s')
    release()
    expect((await running).stderr).toBe("note: still working on task hub 'Orders' of account 'acme'\nerror: gave up\n")
  })

  test('red on a terminal', async () => {
    const bench = benchOn(config)
    bench.options = { ...bench.options, colours: true }
    expect((await bench.run('list')).stderr.startsWith('\u001b[31merror:\u001b[39m ')).toBe(true)
  })
})
