/** The commands on instances, in this process on the in-memory provider. */
import { delegateService } from '@dtfx/core/provider'
import type { TestHub } from '@dtfx/testing'
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest'
import { CommandBench } from '../command-bench.js'
import { orderFlow, orderHub } from '../order-hub.js'

let hub: TestHub
let bench: CommandBench
beforeEach(async () => {
  hub = await orderHub()
  bench = new CommandBench(hub.service, { clock: hub.clock })
})
afterEach(() => hub.stop())

/** One of each fate: completed, failed, waiting. */
async function fillHub(): Promise<void> {
  await hub.client.start(orderFlow, { id: 'a' }, { instanceId: 'a', tags: { tenant: 'acme' } })
  await hub.client.start(orderFlow, { id: 'b', declined: true }, { instanceId: 'b' })
  await hub.client.start(orderFlow, { id: 'c', approval: true }, { instanceId: 'c', tags: { tenant: 'acme' } })
  await hub.advance('1m')
}

describe('list', () => {
  it('shows a table', async () => {
    await fillHub()
    const { stdout, stderr, code } = await bench.run('list')
    expect(stdout.split('\n')).toEqual([
      'INSTANCE  NAME       STATUS     CREATED (UTC)        AGE   TOOK  NOTE',
      'a         OrderFlow  Completed  2030-01-01 00:00:00   1m  2.0 s',
      'a-ship    Ship       Completed  2030-01-01 00:00:00   1m  2.0 s',
      'b         OrderFlow  Failed     2030-01-01 00:00:00   1m  2.0 s  TypeError: no such account',
      'c         OrderFlow  Running    2030-01-01 00:00:00   1m         {"phase":"waiting for approval"}',
      '',
    ])
    expect([stderr, code]).toEqual(['', 0])
  })

  it.each([
    [['--status', 'failed,running'], ['b', 'c']],
    [['--name', 'Ship'], ['a-ship']],
    [['--tag', 'tenant=acme', '--status', 'running'], ['c']],
    [['--id-prefix', 'a-'], ['a-ship']],
    [['--parent', 'a'], ['a-ship']],
    [['--roots'], ['a', 'b', 'c']],
    [['--created-after', '2030-01-01'], ['a', 'a-ship', 'b', 'c']],
    [['--created-before', '5m'], []],
    [['--completed-before', '30s'], ['a', 'a-ship', 'b']],
    [['--completed-after', '2030-01-02'], []],
    [['--orchestration-version', '2'], []],
  ])('selects by %j', async (args, ids) => {
    await fillHub()
    expect((await bench.run('list', '--json', ...args)).json.map(({ instanceId }) => instanceId)).toEqual(ids)
  })

  it('is one JSON object for each instance', async () => {
    await fillHub()
    const [, , failed] = (await bench.run('list', '--json')).json
    expect(failed).toMatchObject({ instanceId: 'b', name: 'OrderFlow', status: 'Failed', generation: 0, createdAt: '2030-01-01T00:00:00.000Z', completedAt: '2030-01-01T00:00:02.000Z', tags: {}, customStatus: { phase: 'charging' } })
    expect(failed?.['failure']).toMatchObject({ errorType: 'TaskFailedError', innerFailure: { errorType: 'CardError' } })
    expect(failed).not.toHaveProperty('input')
    expect((await bench.run('list', '--json', '--payloads')).json[0]).toMatchObject({ input: { id: 'a' }, output: 'shipped receipt-a' })
  })

  it('stops at the limit, and goes on from there', async () => {
    await fillHub()
    const { json } = await bench.run('list', '--json', '--limit', '3')
    expect(json.map(({ instanceId }) => instanceId)).toEqual(['a', 'a-ship', 'b', undefined])
    const continuation = json[3]?.['continuation'] as unknown as string
    expect((await bench.run('list', '--json', '--continue', continuation)).json.map(({ instanceId }) => instanceId)).toEqual(['c'])
    const { stderr } = await bench.run('list', '--limit', '3')
    expect(stderr).toBe(`There are more: --all, or --continue '${continuation}'\n`)
  })

  it('reads page by page, and no more when its reader has gone', async () => {
    await hub.client.startMany(orderFlow, Array.from({ length: 450 }, (_, i) => ({ input: { id: `n${i}`, approval: true as const }, instanceId: `n${i}` })))
    let pages = 0
    const query = { query: (...args: Parameters<typeof hub.service.query.query>) => (pages++, hub.service.query.query(...args)) }
    const counted = new CommandBench(delegateService(hub.service, { query }), { clock: hub.clock })
    expect((await counted.run('list', '--all', '--json')).json).toHaveLength(450)
    expect(pages).toBe(3)
    expect((await counted.run('list', '--json')).json).toHaveLength(101)
    pages = 0
    counted.options = { clock: hub.clock, readerLeavesAfter: 1 }
    await counted.run('list', '--all', '--json')
    expect(pages).toBe(1)
  })

  it('says when there is nothing', async () => {
    expect(await bench.run('list')).toMatchObject({ code: 0, stdout: '', stderr: 'No such instance.\n' })
    expect(await bench.run('list', '--json')).toMatchObject({ code: 0, stdout: '', stderr: '' })
  })
})

describe('show', () => {
  it('tells a failure with its cause first', async () => {
    await fillHub()
    const { stdout, code } = await bench.run('show', 'b')
    expect(code).toBe(0)
    expect(stdout.replaceAll(/^ {4}(at |….*more frames).*\n/gm, '')).toBe(
      `b  OrderFlow  Failed

Failed because
  TypeError: no such account
  in CardError: card declined
  in TaskFailedError: Activity 'Charge' (#4) failed: card declined [DTFX_TASK_FAILED]

Created        2030-01-01 00:00:00.000Z  1m ago
Ended          2030-01-01 00:00:02.000Z  58s ago, after 2.0 s
Input          {"id":"b","declined":true}
Custom status  {"phase":"charging"}
Execution      ${(await hub.client.state('b'))?.executionId}

    AT  EVENT               NAME        TOOK  DETAIL
 +0 ms  started             OrderFlow         {"id":"b","declined":true}
 +0 ms  activity scheduled  Charge
 +0 ms  activity failed     Charge      0 ms  TypeError: no such account
 +0 ms  timer set           1.0 s             before Charge is tried again
+1.0 s  timer fired                    1.0 s
+1.0 s  activity scheduled  Charge            attempt 2
+1.0 s  activity failed     Charge      0 ms  TypeError: no such account
+1.0 s  timer set           1.0 s             before Charge is tried again
+2.0 s  timer fired                    1.0 s
+2.0 s  activity scheduled  Charge            attempt 3
+2.0 s  activity failed     Charge      0 ms  TypeError: no such account
+2.0 s  timer set           0 ms
+2.0 s  timer fired                     0 ms
+2.0 s  ended               Failed     2.0 s  TypeError: no such account
`,
    )
  })

  it('is one JSON value', async () => {
    await fillHub()
    const [shown, ...more] = (await bench.run('show', 'a-ship', '--json')).json
    expect(more).toEqual([])
    expect(shown).toMatchObject({ instance: { instanceId: 'a-ship', input: 'receipt-a', output: 'shipped receipt-a', parent: { instanceId: 'a', name: 'OrderFlow' } } })
    expect(shown?.['timeline']).toMatchObject([{ type: 'ExecutionStarted' }, { type: 'TimerCreated' }, { type: 'TimerFired', tookMs: 2000 }, { type: 'ExecutionCompleted', status: 'Completed' }])
    expect((await bench.run('show', 'a', '--json', '--no-history')).json[0]).not.toHaveProperty('timeline')
  })

  it('shows a parent, tags, a reason and whole payloads', async () => {
    await fillHub()
    expect((await bench.run('show', 'a-ship', '--no-history')).stdout).toMatch(/^Parent {5}a \(OrderFlow\)$/m)
    await hub.client.terminate('c', 'no longer needed')
    await hub.runUntilIdle()
    const { stdout } = await bench.run('show', 'c', '--full')
    expect(stdout).toMatch(/^Reason {9}no longer needed$/m)
    expect(stdout).toMatch(/^Tags {11}tenant=acme$/m)
    expect(stdout).toContain('Input          {\n                 "id": "c",\n')
  })

  it('of an unknown instance is an error', async () => {
    expect(await bench.run('show', 'nobody')).toMatchObject({ code: 1, stdout: '', stderr: "error: Orchestration 'nobody' does not exist. [DTFX_INSTANCE_NOT_FOUND]\n" })
    expect(JSON.parse((await bench.run('show', 'nobody', '--json')).stderr)).toEqual({ error: { code: 'DTFX_INSTANCE_NOT_FOUND', message: "Orchestration 'nobody' does not exist.", instanceId: 'nobody' } })
  })

  it('does without a history where the provider has none', async () => {
    await fillHub()
    const without = new CommandBench(delegateService(hub.service, { history: undefined }), { clock: hub.clock })
    const { code, stdout, stderr } = await without.run('show', 'a')
    expect([code, stdout.includes('EVENT')]).toEqual([0, false])
    expect(stderr).toBe("note: no timeline: provider 'store' does not support reading histories. [DTFX_NOT_SUPPORTED]\n")
    expect(await without.run('history', 'export', 'a')).toMatchObject({ code: 1, stderr: "error: Provider 'store' does not support reading histories. [DTFX_NOT_SUPPORTED]\n" })
  })

  it('keeps to itself what a payload would do to the terminal', async () => {
    await hub.client.start('OrderFlow', { id: '\u001b[2J\u0007' }, { instanceId: 'evil' })
    const { stdout } = await bench.run('show', 'evil')
    expect(stdout).not.toContain('\u001b')
    expect(stdout).not.toContain('\u0007')
  })

  it('shows what it can of an instance whose payloads it cannot read', async () => {
    await fillHub()
    const converter = {
      encode: (value: unknown) => JSON.stringify(value),
      decode: (): never => {
        throw new Error('no key k1')
      },
    }
    const blind = new CommandBench(delegateService(hub.service, { converter }), { clock: hub.clock })
    expect((await blind.run('show', 'a')).stdout).toMatch(/^Input {10}unreadable: no key k1\nOutput {9}unreadable: no key k1\nCustom status {2}unreadable: no key k1$/m)
    expect((await blind.run('list')).stdout).toMatch(/^c .* unreadable: no key k1$/m)
    expect((await blind.run('list', '--json')).json[0]).toMatchObject({ instanceId: 'a', unreadable: { customStatus: 'no key k1' } })
  })

  it('follows an instance over its generations to the end', async () => {
    await hub.client.start(orderFlow, { id: 'f', rounds: 2 }, { instanceId: 'f' })
    const following = bench.run('show', 'f', '--follow')
    for (let second = 0; second < 6; second++) await hub.advance('1s')
    const { code, stdout } = await following
    expect(code).toBe(0)
    expect(stdout).toContain('— generation 2 —')
    expect(stdout.match(/child completed/g)).toHaveLength(1)
    expect(stdout.match(/^ *AT {2}EVENT/gm)).toHaveLength(1)
    expect(stdout).toMatch(/^Output +"shipped receipt-f"$/m)
  })

  it('follows as JSON, with a failure as exit code 1', async () => {
    await hub.client.start(orderFlow, { id: 'b', declined: true }, { instanceId: 'b' })
    const following = bench.run('show', 'b', '--follow', '--json')
    await hub.advance('5s')
    const { code, json } = await following
    expect(code).toBe(1)
    expect(json).toMatchObject([{ instance: { status: 'Failed' } }])
    expect((json[0]?.['timeline'] as unknown as unknown[]).length).toBe(14)
  })
})

describe('start', () => {
  it('starts with input, id, tags and version', async () => {
    const { stdout, code } = await bench.run('start', 'OrderFlow', '{"id":"s"}', '--id', 's', '--tag', 'a=1', '--tag', 'b=2')
    expect([stdout, code]).toEqual(['s: started\n', 0])
    await hub.advance('5s')
    expect(await hub.client.state('s')).toMatchObject({ status: 'Completed', input: { id: 's' }, tags: { a: '1', b: '2' } })
    expect(await bench.run('start', 'OrderFlow', '{"id":"s"}', '--id', 's')).toMatchObject({ code: 1, stderr: expect.stringContaining('[DTFX_INSTANCE_EXISTS]') as string })
    expect((await bench.run('start', 'OrderFlow', '--id', 's', '--reuse', 'skip', '--json')).json).toEqual([{ instanceId: 's', outcome: 'existing' }])
  })

  it('reads input from a file or from standard input', async () => {
    bench.files.set('in.json', '\uFEFF{"id":"file"}')
    await bench.run('start', 'OrderFlow', '@in.json', '--id', '1')
    bench.options = { ...bench.options, input: '{"id":"stdin"}' }
    await bench.run('start', 'OrderFlow', '-', '--id', '2')
    expect([(await hub.client.state('1'))?.input, (await hub.client.state('2'))?.input]).toEqual([{ id: 'file' }, { id: 'stdin' }])
    expect(await bench.run('start', 'OrderFlow', '@none.json')).toMatchObject({ code: 2, stderr: "error: input: cannot be read from the file 'none.json': ENOENT: none.json [DTFX_INVALID_OPTION]\n" })
  })

  it('starts later', async () => {
    await bench.run('start', 'OrderFlow', '{"id":"l"}', '--id', 'l', '--at', '2h')
    await bench.run('start', 'OrderFlow', '{"id":"m"}', '--id', 'm', '--at', '2030-01-01T01:00:00Z')
    expect((await bench.run('show', 'l')).stdout).toMatch(/^Starts at {2}2030-01-01 02:00:00\.000Z {2}in 2h$/m)
    expect((await hub.client.state('m'))?.scheduledStartAt).toEqual(new Date('2030-01-01T01:00:00Z'))
    expect(await bench.run('start', 'OrderFlow', '--at', 'tomorrow')).toMatchObject({ code: 2, stderr: expect.stringContaining("--at: is 'tomorrow'") as string })
  })

  it('follows what it started', async () => {
    const following = bench.run('start', 'OrderFlow', '{"id":"w"}', '--id', 'w', '--follow')
    for (let second = 0; second < 4; second++) await hub.advance('1s')
    expect(await following).toMatchObject({ code: 0, stderr: 'w: started\n', stdout: expect.stringMatching(/^Output +"shipped receipt-w"$/m) as string })
  })

  it.each(['{bad', '', "{'a':1}"])('refuses input that is no JSON: %s', async (text) => {
    const { code, stderr } = await bench.run('start', 'OrderFlow', text)
    expect(code).toBe(2)
    expect(stderr).toMatch(/^error: input: is no JSON: .*A text needs quotes of its own: '"text"'\. \[DTFX_INVALID_OPTION\]\n$/)
  })
})

describe('raise', () => {
  it('sends an event', async () => {
    await fillHub()
    expect(await bench.run('raise', 'c', 'Approved', '{"by":"me"}')).toMatchObject({ code: 0, stdout: "c: event 'Approved' sent\n" })
    await hub.advance('5s')
    expect((await hub.client.state('c'))?.status).toBe('Completed')
  })

  it.each([
    ['a', 'DTFX_INSTANCE_FINISHED'],
    ['nobody', 'DTFX_INSTANCE_NOT_FOUND'],
  ])('to %s is refused', async (id, code) => {
    await fillHub()
    expect(await bench.run('raise', id, 'Approved')).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(`[${code}]`) as string })
  })
})

describe('signals', () => {
  it('suspend, resume and terminate', async () => {
    await fillHub()
    await bench.run('suspend', 'c', '--reason', 'lunch')
    await hub.runUntilIdle()
    expect((await hub.client.state('c'))?.status).toBe('Suspended')
    await bench.run('resume', 'c')
    await hub.runUntilIdle()
    expect((await hub.client.state('c'))?.status).toBe('Running')
    expect((await bench.run('terminate', 'c', '--reason', 'enough', '--json')).json).toEqual([{ instanceId: 'c', sent: 'terminate' }])
    await hub.runUntilIdle()
    expect(await hub.client.state('c')).toMatchObject({ status: 'Terminated', terminationReason: 'enough' })
  })

  it('terminate with children', async () => {
    await hub.client.start(orderFlow, { id: 'r' }, { instanceId: 'r' })
    await hub.runUntilIdle()
    await bench.run('terminate', 'r', '--recursive')
    await hub.runUntilIdle()
    expect((await hub.client.state('r-ship'))?.status).toBe('Terminated')
  })

  it('rewind what failed, nothing else', async () => {
    await fillHub()
    expect(await bench.run('rewind', 'b')).toMatchObject({ code: 0, stdout: 'b: rewind sent\n' })
    await hub.runUntilIdle()
    expect((await hub.client.state('b'))?.completedAt).toEqual(new Date('2030-01-01T00:01:00Z'))
    expect(await bench.run('rewind', 'a')).toMatchObject({ code: 1, stderr: expect.stringContaining('DTFX_REWIND_NOT_FAILED') as string })
  })

  it('go on after an instance that is wrong', async () => {
    await fillHub()
    const { code, stdout, stderr } = await bench.run('suspend', 'a', 'nobody', 'c')
    expect([code, stdout]).toEqual([1, 'c: suspend sent\n'])
    expect(stderr).toBe("error: Orchestration 'a' is Completed; suspend needs one that has not ended. [DTFX_INSTANCE_FINISHED]\nerror: Orchestration 'nobody' does not exist. [DTFX_INSTANCE_NOT_FOUND]\n")
  })

  it('for a filter ask first', async () => {
    await fillHub()
    bench.options = { ...bench.options, answers: ['y'] }
    expect(await bench.run('terminate', '--tag', 'tenant=acme', '--recursive')).toMatchObject({ code: 0, stdout: '1 done, 0 failed\n' })
    expect(bench.questions).toEqual(["Terminate, with their children, the live instances of the task hub of provider 'store' with tag tenant=acme? [y/N] "])
  })

  it.each([[[]], [['a', '--status', 'running']]])('want either ids or a filter: %j', async (args) => {
    expect(await bench.run('suspend', ...args)).toMatchObject({ code: 2, stderr: expect.stringMatching(/^error: arguments: name /) as string })
  })
})

test('restart', async () => {
  await fillHub()
  expect(await bench.run('restart', 'a')).toMatchObject({ code: 0, stdout: 'a: started anew\n' })
  expect(await bench.run('restart', 'c', '--new-id', 'd', '--json')).toMatchObject({ json: [{ instanceId: 'd', outcome: 'started' }] })
  await hub.runUntilIdle()
  expect((await hub.client.state('d'))?.input).toEqual({ id: 'c', approval: true })
  expect(await bench.run('restart', 'c')).toMatchObject({ code: 1, stderr: expect.stringContaining('DTFX_INSTANCE_NOT_FINISHED') as string })
})

describe('purge', () => {
  it('deletes by id', async () => {
    await fillHub()
    expect(await bench.run('purge', 'a', '--recursive')).toMatchObject({ code: 0, stdout: 'a: purged, with 1 of its children\n' })
    expect(await hub.client.state('a-ship')).toBeUndefined()
    expect(await bench.run('purge', 'a')).toMatchObject({ code: 1, stderr: expect.stringContaining('DTFX_INSTANCE_NOT_FOUND') as string })
    expect(await bench.run('purge', 'c')).toMatchObject({ code: 1, stderr: expect.stringContaining('DTFX_INSTANCE_NOT_FINISHED') as string })
  })

  it('deletes by filter when somebody agrees', async () => {
    await fillHub()
    bench.options = { ...bench.options, answers: ['n'] }
    expect(await bench.run('purge', '--status', 'completed')).toMatchObject({ code: 1, stdout: '', stderr: 'Nothing was done.\n' })
    bench.options = { ...bench.options, answers: [' YES '] }
    expect(await bench.run('purge', '--status', 'completed', '--json')).toMatchObject({ code: 0, json: [{ succeeded: 2, failed: 0, errors: [], aborted: false }] })
    expect((await bench.run('list', '--json')).json.map(({ instanceId }) => instanceId)).toEqual(['b', 'c'])
  })

  it('needs --yes where nobody can be asked', async () => {
    await fillHub()
    const { code, stderr } = await bench.run('purge', '--all-instances')
    expect([code, stderr]).toEqual([2, "error: --yes: is missing; without a terminal nobody can be asked: Delete the finished instances of the task hub of provider 'store'? [DTFX_INVALID_OPTION]\n"])
    expect(await bench.run('purge', '--all-instances', '--yes')).toMatchObject({ code: 0, stdout: '3 done, 0 failed\n' })
  })

  it('tells of those that could not be deleted, and of an interruption', async () => {
    await fillHub()
    const purge = { purge: (id: string) => (id === 'a' ? Promise.reject(new Error('locked')) : hub.service.purge.purge(id)) }
    const failing = new CommandBench(delegateService(hub.service, { purge }), { clock: hub.clock })
    expect(await failing.run('purge', '--all-instances', '--yes')).toMatchObject({ code: 1, stdout: '2 done, 1 failed\n', stderr: 'a: locked [ERROR]\n' })
    failing.options = { clock: hub.clock, interrupt: AbortSignal.abort() }
    expect(await failing.run('purge', '--all-instances', '--yes')).toMatchObject({ code: 1, stdout: '0 done, 0 failed; stopped before the end\n' })
  })

  it('is refused by a provider that cannot', async () => {
    const without = new CommandBench(delegateService(hub.service, { purge: undefined }), { clock: hub.clock })
    expect(await without.run('purge', 'a')).toMatchObject({ code: 1, stderr: "error: Provider 'store' does not support purge. [DTFX_NOT_SUPPORTED]\n" })
  })
})

describe('history export', () => {
  it('is JSON with a line for each event', async () => {
    await fillHub()
    const { stdout, code } = await bench.run('history', 'export', 'a')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(await hub.client.history('a'))))
    expect(stdout.trimEnd().split('\n')).toHaveLength((await hub.history('a')).length + 2)
  })

  it('goes to a file, which is replaced with --yes only', async () => {
    await fillHub()
    expect(await bench.run('history', 'export', 'a', '--to', 'a.json')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^a: \d+ events written to a\.json\n$/) as string })
    expect(await bench.run('history', 'export', 'b', '--to', 'a.json')).toMatchObject({ code: 1, stderr: 'error: The file a.json is there already. [EEXIST]\n--yes replaces it.\n' })
    expect(await bench.run('history', 'export', 'b', '--to', 'a.json', '--yes', '--json')).toMatchObject({ code: 0, json: [{ instanceId: 'b', file: 'a.json' }] })
    expect(JSON.parse(bench.files.get('a.json') ?? '')).toMatchObject({ format: 'dtfx-history', instanceId: 'b', name: 'OrderFlow' })
  })
})
