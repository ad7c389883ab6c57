/** What an execution drew and derived before a rewind is the same after it; what it decides anew collides with nothing of before. */
import { randomInt, randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { defineActivity, defineOrchestration } from '@dtfx/core'
import { createTestHub, replayHistory, type TestHub } from '@dtfx/testing'

function machine() {
  const broken = { now: true }
  const seen: unknown[] = []
  const work = defineActivity('Work', () => {
    if (broken.now) throw new Error('broken')
    return 'worked'
  })
  const note = defineActivity('Note', (_ctx, value: unknown) => void seen.push(value))
  return { broken, seen, work, note }
}

async function failed(hub: TestHub, id: string): Promise<void> {
  await hub.advance('1h')
  expect(await hub.client.state(id)).toMatchObject({ status: 'Failed' })
}

describe('values that the code passed on before a rewind', () => {
  it.each([1, 3])('are the same on the replay after %i of them: ids, random numbers and the ids of children', async (times) => {
    const { broken, seen, work, note } = machine()
    const kid = defineOrchestration('Kid', async (ctx, n: number) => `${ctx.instanceId} ${n}`)
    const flow = defineOrchestration('Flow', async (ctx) => {
      const drawn = [ctx.newGuid(), ctx.random(), randomUUID(), randomInt(1_000_000), Math.random(), ctx.startSubOrchestration(kid, 0)]
      await ctx.callActivity(note, drawn)
      const child = await ctx.callSubOrchestration(kid, 1)
      await ctx.callActivity(work)
      return { drawn, child }
    })
    await using hub = await createTestHub({ orchestrations: [flow, kid], activities: [work, note] })
    const order = await hub.client.start(flow, undefined, { instanceId: 'f' })
    const first = (await order.state())?.executionId
    for (let i = 1; i < times; i++) {
      await failed(hub, 'f')
      await order.rewind()
    }
    await failed(hub, 'f')
    broken.now = false
    await order.rewind()
    const { drawn, child } = await order.result()
    expect(seen).toEqual([drawn])
    expect(await hub.client.state(drawn[5] as string)).toMatchObject({ status: 'Completed', name: 'Kid' })
    expect(child.split(' ')[0]).toBe((await hub.history('f')).flatMap((event) => (event.type === 'SubOrchestrationInstanceCreated' ? [event.instanceId] : []))[1])
    const start = (await hub.history('f')).find(({ type }) => type === 'ExecutionStarted')
    expect(start).toMatchObject({ seedExecutionId: first })
    expect(start).not.toMatchObject({ instance: { executionId: first } })
    await replayHistory([flow, kid], await order.history())
  })

  it('are others in the next generation, and after a restart', async () => {
    const { broken, seen, work, note } = machine()
    const flow = defineOrchestration('Flow', async (ctx, generation: number) => {
      await ctx.callActivity(note, ctx.newGuid())
      await ctx.callActivity(work)
      return generation < 2 ? ctx.continueAsNew(generation + 1) : 'done'
    })
    await using hub = await createTestHub({ orchestrations: [flow], activities: [work, note] })
    const order = await hub.client.start(flow, 1, { instanceId: 'f' })
    await failed(hub, 'f')
    broken.now = false
    await order.rewind()
    expect(await order.result()).toBe('done')
    expect((await order.state())?.generation).toBe(1)
    await (await order.restart()).result()
    expect(new Set(seen).size).toBe(3)
  })
})

describe('a child that is started anew after a rewind', () => {
  it('under the same id is another execution, starts, and answers', async () => {
    const { broken, work } = machine()
    const runs: string[] = []
    const log = defineActivity('Log', (ctx) => void runs.push(ctx.executionId as string))
    const slow = defineOrchestration('Slow', async (ctx) => {
      await ctx.callActivity(log)
      return ctx.waitForExternalEvent<string>('Go')
    })
    const flow = defineOrchestration('Flow', async (ctx) => {
      const ids = [ctx.newGuid(), ctx.newGuid()]
      return Promise.all([ctx.callSubOrchestration(slow, undefined, { instanceId: ids[0] }), ctx.callSubOrchestration(slow, undefined, { instanceId: ids[1] }), ctx.callActivity(work), ids])
    })
    await using hub = await createTestHub({ orchestrations: [slow, flow], activities: [work, log], cache: false })
    const order = await hub.client.start(flow, undefined, { instanceId: 'f' })
    await failed(hub, 'f')
    const ids = (await hub.history('f')).flatMap((event) => (event.type === 'SubOrchestrationInstanceCreated' ? [event.instanceId] : []))
    await hub.client.terminate(ids[0] as string)
    await hub.runUntilIdle()
    const before = await Promise.all(ids.map(async (id) => (await hub.client.state(id))?.executionId))
    broken.now = false
    await order.rewind()
    await hub.runUntilIdle()
    for (const id of ids) {
      expect(await hub.client.state(id)).toMatchObject({ status: 'Running' })
      await hub.client.raiseEvent(id, 'Go', 'on')
    }
    expect(await order.result()).toEqual(['on', 'on', 'worked', ids])
    const after = await Promise.all(ids.map(async (id) => (await hub.client.state(id))?.executionId))
    expect(new Set([...before, ...after]).size).toBe(4)
    expect(new Set(runs)).toEqual(new Set([...before, ...after]))
  })
})
