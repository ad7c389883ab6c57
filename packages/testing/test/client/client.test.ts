/** The client against a whole system: worker, in-memory provider, virtual time. */
import { describe, expect, it } from 'vitest'
import { defineActivity, defineEvent, defineOrchestration, TaskHubClient, type OrchestrationHandle } from '@dtfx/core'
import { createTestHub, replayHistory, stub } from '@dtfx/testing'

const go = defineEvent<string>('Go')
const work = defineActivity('Work', (_ctx, n: number) => n * 2)
const flow = defineOrchestration('Flow', async (ctx, n: number) => {
  ctx.setCustomStatus({ n })
  const doubled = await ctx.callActivity(work, n)
  return { doubled, by: await ctx.waitForExternalEvent(go) }
})
const leaf = defineOrchestration('Leaf', async (ctx) => ctx.waitForExternalEvent(go))
const branch = defineOrchestration('Branch', async (ctx) => Promise.all([ctx.callSubOrchestration(leaf, undefined, { instanceId: `${ctx.instanceId}/1` }), ctx.callSubOrchestration(leaf, undefined, { instanceId: `${ctx.instanceId}/2` })]))
const root = defineOrchestration('Root', async (ctx) => ctx.callSubOrchestration(branch, undefined, { instanceId: `${ctx.instanceId}/b` }))
const quick = defineOrchestration('Quick', async (_ctx, n: number) => n)
const orchestrations = [flow, leaf, branch, root, quick]
const kit = () => createTestHub({ orchestrations, activities: [work] })

async function ids(states: AsyncIterable<{ readonly instanceId: string }>): Promise<string[]> {
  const found: string[] = []
  for await (const { instanceId } of states) found.push(instanceId)
  return found
}

describe('start', () => {
  it('with an event, then a result', async () => {
    await using hub = await kit()
    const handle = await hub.client.start(flow, 4, { event: { event: go, payload: 'me' }, tags: { region: 'eu' } })
    expect(await handle.result()).toEqual({ doubled: 8, by: 'me' })
    const state = await handle.state()
    expect(state).toMatchObject({ name: 'Flow', status: 'Completed', input: 4, output: { doubled: 8, by: 'me' }, customStatus: { n: 4 }, tags: { region: 'eu' }, executionId: handle.executionId })
  })

  it('at a time', async () => {
    await using hub = await kit()
    const handle = await hub.client.start(quick, 1, { startAt: '2d' })
    await hub.advance('47h')
    expect(await handle.state()).toMatchObject({ status: 'Pending', scheduledStartAt: new Date('2030-01-03T00:00:00.000Z') })
    await hub.advance('1h')
    expect(await handle.result()).toBe(1)
  })

  it('of fifty at once under one id: one is started', async () => {
    await using hub = await kit()
    const starts = await Promise.allSettled(Array.from({ length: 50 }, (_, n) => hub.client.start(quick, n, { instanceId: 'one' })))
    expect(starts.filter((each) => each.status === 'fulfilled')).toHaveLength(1)
    const handles = await Promise.all(Array.from({ length: 50 }, (_, n) => hub.client.start(quick, n, { instanceId: 'other', reuse: 'skip' })))
    expect(new Set(await Promise.all(handles.map((each) => each.result()))).size).toBe(1)
  })

  it('of many, typed and in order', async () => {
    await using hub = await kit()
    const handles = await hub.client.startMany(quick, Array.from({ length: 100 }, (_, n) => ({ input: n, instanceId: `q-${n}` })))
    expect(await Promise.all(handles.map((each) => each.result()))).toEqual(Array.from({ length: 100 }, (_, n) => n))
    await expect(hub.client.startMany(quick, [{ input: 1, instanceId: 'q-1' }])).rejects.toMatchObject({ code: 'DTFX_INSTANCE_EXISTS' })
    await hub.client.startMany(quick, [{ input: 1, instanceId: 'q-1', reuse: 'skip' }])
  })
})

describe("reuse: 'replace'", () => {
  it('ends the live execution and its children, and never reports its outcome', async () => {
    await using hub = await kit()
    await hub.client.start(root, undefined, { instanceId: 'r' })
    await hub.runUntilIdle()
    const handle = await hub.client.start(quick, 7, { instanceId: 'r', reuse: 'replace' })
    expect(await handle.result()).toBe(7)
    await hub.runUntilIdle()
    for (const id of ['r/b', 'r/b/1', 'r/b/2']) expect((await hub.client.state(id))?.status).toBe('Terminated')
  })

  it('of many at once: each waits for its own execution or is told', async () => {
    await using hub = await kit()
    await hub.client.start(leaf, undefined, { instanceId: 'r' })
    await hub.runUntilIdle()
    const starts = await Promise.allSettled([1, 2, 3].map((n) => hub.client.start(quick, n, { instanceId: 'r', reuse: 'replace' })))
    const started = starts.flatMap((each) => (each.status === 'fulfilled' ? [each.value as OrchestrationHandle<number>] : []))
    expect(started.length).toBeGreaterThan(0)
    const ends = await Promise.all(started.map((handle) => handle.result().catch((error: { reason?: string }) => error.reason)))
    // Whoever was replaced in turn before it ran is told so; the last one ran.
    for (const end of ends) expect([1, 2, 3, 'replaced by a new start']).toContain(end)
    expect(ends.some((end) => typeof end === 'number')).toBe(true)
  })
})

describe('one instance', () => {
  it('is suspended and resumed', async () => {
    await using hub = await kit()
    const handle = await hub.client.start(leaf)
    await handle.suspend('later')
    await hub.runUntilIdle()
    expect((await handle.state())?.status).toBe('Suspended')
    await handle.raiseEvent(go, 'x')
    await hub.runUntilIdle()
    expect((await handle.state())?.status).toBe('Suspended')
    await handle.resume()
    expect(await handle.result()).toBe('x')
  })

  it('is terminated with all its descendants', async () => {
    await using hub = await kit()
    const handle = await hub.client.start(root, undefined, { instanceId: 'r' })
    await hub.runUntilIdle()
    await handle.terminate('enough', { recursive: true })
    await expect(handle.result()).rejects.toMatchObject({ code: 'DTFX_ORCHESTRATION_TERMINATED', reason: 'enough' })
    await hub.runUntilIdle()
    for (const id of ['r/b', 'r/b/1', 'r/b/2']) expect((await hub.client.state(id))?.status).toBe('Terminated')
    expect((await handle.state())?.terminationReason).toBe('enough')
  })

  it('that has ended can still end its descendants, and be purged with them', async () => {
    await using hub = await kit()
    const handle = await hub.client.start(root, undefined, { instanceId: 'r' })
    await hub.runUntilIdle()
    await handle.terminate('only me')
    await hub.runUntilIdle()
    expect((await hub.client.state('r/b/1'))?.status).toBe('Running')
    await expect(handle.purge({ recursive: true })).rejects.toMatchObject({ code: 'DTFX_INSTANCE_NOT_FINISHED', details: { instanceId: 'r/b' } })
    await handle.terminate('all', { recursive: true })
    await hub.runUntilIdle()
    expect(await handle.purge({ recursive: true })).toBe(4)
    expect(await ids(hub.client.query())).toEqual([])
    expect(await handle.state()).toBeUndefined()
    await expect(handle.result()).rejects.toMatchObject({ code: 'DTFX_INSTANCE_NOT_FOUND' })
  })

  it('is rewound: its handle gives the new outcome', async () => {
    const flaky = stub(work).failsTimes(1).returns(10)
    await using hub = await createTestHub({ orchestrations, activities: [flaky] })
    const handle = await hub.client.start(flow, 5, { event: { event: go, payload: 'me' } })
    await expect(handle.result()).rejects.toMatchObject({ code: 'DTFX_ORCHESTRATION_FAILED' })
    await handle.rewind('again')
    expect(await handle.result()).toEqual({ doubled: 10, by: 'me' })
    await expect(handle.rewind()).rejects.toMatchObject({ code: 'DTFX_REWIND_NOT_FAILED' })
  })

  it('is restarted, in place and under another id', async () => {
    await using hub = await kit()
    const handle = await hub.client.start(quick, 5, { instanceId: 'q', tags: { a: 'b' }, version: '2' })
    expect(await handle.result()).toBe(5)
    const again = await handle.restart()
    expect(again.executionId).not.toBe(handle.executionId)
    expect(await again.result()).toBe(5)
    expect(await again.state()).toMatchObject({ generation: 1, tags: { a: 'b' }, version: '2', executionId: again.executionId })
    const copy = await again.restart({ newInstanceId: 'copy' })
    expect(await copy.result()).toBe(5)
    expect(await copy.state()).toMatchObject({ instanceId: 'copy', generation: 0 })
  })

  it('exports a history that replays', async () => {
    await using hub = await kit()
    const handle = await hub.client.start(flow, 4, { instanceId: 'i', event: { event: go, payload: 'me' } })
    await handle.result()
    const file = JSON.parse(JSON.stringify(await handle.history())) as Awaited<ReturnType<typeof handle.history>>
    expect(file).toMatchObject({ format: 'dtfx-history', version: 1, instanceId: 'i', name: 'Flow' })
    expect(await replayHistory(flow, file)).toMatchObject({ status: 'Completed', output: { doubled: 8, by: 'me' } })
  })

  it('times out, and goes on', async () => {
    await using hub = await kit()
    const handle = await hub.client.start(leaf)
    await hub.runUntilIdle()
    const late = handle.result({ timeout: '5s' })
    late.catch(() => {})
    await hub.advance('5s')
    await expect(late).rejects.toMatchObject({ code: 'DTFX_WAIT_TIMEOUT', message: `Orchestration '${handle.instanceId}' was still Running after 5000 ms.` })
    await handle.raiseEvent(go, 'x')
    expect(await handle.result()).toBe('x')
  })
})

describe('many instances', () => {
  it('are found by filter, across pages', async () => {
    await using hub = await kit()
    await hub.client.startMany(quick, Array.from({ length: 7 }, (_, n) => ({ input: n, instanceId: `a-${n}`, tags: { part: n < 3 ? 'first' : 'second' } })))
    await hub.client.start(root, undefined, { instanceId: 'r' })
    await hub.runUntilIdle()
    expect(await ids(hub.client.query({ idPrefix: 'a-', pageSize: 2 }))).toEqual(['a-0', 'a-1', 'a-2', 'a-3', 'a-4', 'a-5', 'a-6'])
    expect(await ids(hub.client.query({ tag: { part: 'first' } }))).toEqual(['a-0', 'a-1', 'a-2'])
    expect(await ids(hub.client.query({ status: 'Running' }))).toEqual(['r', 'r/b', 'r/b/1', 'r/b/2'])
    expect(await ids(hub.client.query({ parent: 'r/b' }))).toEqual(['r/b/1', 'r/b/2'])
    expect(await ids(hub.client.query({ parent: null, status: 'Running' }))).toEqual(['r'])
    const outputs: (number | undefined)[] = []
    for await (const state of hub.client.query({ name: quick })) outputs.push(state.output)
    expect(outputs).toEqual([0, 1, 2, 3, 4, 5, 6])
    for await (const state of hub.client.query({ name: quick, payloads: false })) expect([state.input, state.output]).toEqual([undefined, undefined])
  })

  it('are terminated and purged by filter', async () => {
    await using hub = await kit()
    await hub.client.startMany(leaf, Array.from({ length: 40 }, (_, n) => ({ instanceId: `l-${n}` })))
    await hub.client.startMany(quick, [{ input: 1, instanceId: 'q' }])
    await hub.runUntilIdle()
    expect(await hub.client.terminateAll({ name: 'Leaf' }, { reason: 'cleanup', concurrency: 8 })).toEqual({ succeeded: 40, failed: 0, errors: [], aborted: false })
    await hub.runUntilIdle()
    expect((await ids(hub.client.query({ status: 'Terminated' }))).length).toBe(40)
    expect(await hub.client.purgeAll({ name: 'Leaf' })).toMatchObject({ succeeded: 40 })
    expect(await ids(hub.client.query())).toEqual(['q'])
  })
})

it('two clients of one service see the same', async () => {
  await using hub = await kit()
  const handle = await hub.client.start(leaf, undefined, { instanceId: 'i' })
  const other = new TaskHubClient(hub.service)
  const result = other.get(leaf, 'i').result()
  await handle.raiseEvent(go, 'x')
  expect(await result).toBe('x')
})
