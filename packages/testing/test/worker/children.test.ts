/** Children: ids in use, replacement, termination of whole trees, children nobody waits for, answers of the wrong ones. */
import { describe, expect, it } from 'vitest'
import { declareOrchestration, defineOrchestration, type SubOrchestrationFailedError } from '@dtfx/core'
import type { HistoryEvent, OutboundMessage } from '@dtfx/core/provider'
import { createTestHub, type TestHub } from '@dtfx/testing'

const waiting = defineOrchestration('Waiting', async (ctx, label: string) => `${label} got ${await ctx.waitForExternalEvent<string>('Go')}`)
const echo = defineOrchestration('Echo', async (_ctx, text: string) => text)
const parent = defineOrchestration('Parent', async (ctx, childId: string) => {
  try {
    return await ctx.callSubOrchestration(waiting, ctx.instanceId, { instanceId: childId })
  } catch (error) {
    return `failed: ${(error as SubOrchestrationFailedError).failure.properties?.['code']}`
  }
})

const statusOf = async (hub: TestHub, id: string): Promise<string | undefined> => (await hub.client.state(id))?.status

function startMessage(id: string, options: { executionId: string; parent?: string; taskId?: number; parentExecution?: string; at?: string; messageId?: string }): OutboundMessage {
  const instance = { instanceId: id, executionId: options.executionId }
  const event: HistoryEvent = {
    type: 'ExecutionStarted',
    eventId: -1,
    timestamp: options.at ?? '2030-01-01T00:00:00.000Z',
    instance,
    name: 'Waiting',
    input: `"${options.executionId}"`,
    parent: options.parent === undefined ? undefined : { name: 'Parent', instance: { instanceId: options.parent, executionId: options.parentExecution ?? 'p' }, taskScheduleId: options.taskId ?? 0 },
    messageId: options.messageId,
  }
  return { id: options.messageId ?? `start-${options.executionId}`, target: { kind: 'instance', instanceId: id }, message: { instance, event } }
}

describe('an explicit child id', () => {
  it('in use by another parent fails the child call with a code; the owner is not disturbed', async () => {
    await using hub = await createTestHub({ orchestrations: [parent, waiting] })
    const first = await hub.client.start(parent, 'shared', { instanceId: 'a' })
    await hub.runUntilIdle()
    const second = await hub.client.start(parent, 'shared', { instanceId: 'b' })
    await hub.runUntilIdle()
    expect(await second.result()).toBe('failed: DTFX_CHILD_ID_IN_USE')
    await hub.client.raiseEvent('shared', 'Go', 'it')
    expect(await first.result()).toBe('a got it')
  })

  it('in use by an instance without parent is refused as well', async () => {
    await using hub = await createTestHub({ orchestrations: [parent, waiting] })
    await hub.client.start(waiting, 'own', { instanceId: 'shared' })
    await hub.runUntilIdle()
    const order = await hub.client.start(parent, 'shared')
    expect(await order.result()).toBe('failed: DTFX_CHILD_ID_IN_USE')
    expect(await statusOf(hub, 'shared')).toBe('Running')
  })

  it('of an instance that is still pending is refused, and the pending one starts in its time', async () => {
    await using hub = await createTestHub({ orchestrations: [parent, waiting] })
    await hub.client.start(waiting, 'own', { instanceId: 'shared', startAt: new Date('2030-01-01T01:00:00Z') })
    const order = await hub.client.start(parent, 'shared')
    expect(await order.result()).toBe('failed: DTFX_CHILD_ID_IN_USE')
    await hub.advance('1h')
    await hub.client.raiseEvent('shared', 'Go', 'it')
    expect(await hub.client.result('shared')).toBe('own got it')
  })

  it('of a finished instance is used again', async () => {
    await using hub = await createTestHub({ orchestrations: [parent, waiting, echo] })
    await (await hub.client.start(echo, 'x', { instanceId: 'shared' })).result()
    const order = await hub.client.start(parent, 'shared', { instanceId: 'p' })
    await hub.runUntilIdle()
    await hub.client.raiseEvent('shared', 'Go', 'it')
    expect(await order.result()).toBe('p got it')
    expect((await hub.history('shared')).filter((event) => event.type === 'ExecutionStarted').length).toBe(1)
  })

  it('of the same call: the later start replaces the execution, and ends its children', async () => {
    const tree = defineOrchestration('Waiting', async (ctx) => ctx.callSubOrchestration('Leaf', undefined, { instanceId: `leaf-of-${ctx.executionId}` }))
    const leaf = defineOrchestration('Leaf', async (ctx) => ctx.waitForExternalEvent('Go'))
    await using hub = await createTestHub({ orchestrations: [tree, leaf] })
    await hub.service.client.send([startMessage('c', { executionId: 'x1', parent: 'p' })])
    await hub.runUntilIdle()
    expect(await statusOf(hub, 'leaf-of-x1')).toBe('Running')
    await hub.service.client.send([startMessage('c', { executionId: 'x2', parent: 'p' })])
    await hub.runUntilIdle()
    expect((await hub.client.state('c'))?.executionId).toBe('x2')
    expect(await statusOf(hub, 'leaf-of-x1')).toBe('Terminated')
    expect(await statusOf(hub, 'leaf-of-x2')).toBe('Running')
    await hub.service.client.send([startMessage('c', { executionId: 'x1', parent: 'p' })])
    await hub.runUntilIdle()
    expect((await hub.client.state('c'))?.executionId).toBe('x2')
  })

  it('of the same call of an earlier generation, late: the call that loses its child fails instead of waiting for ever', async () => {
    await using hub = await createTestHub({ orchestrations: [parent, waiting] })
    const order = await hub.client.start(parent, 'c', { instanceId: 'p' })
    await hub.runUntilIdle()
    await hub.service.client.send([startMessage('c', { executionId: 'late', parent: 'p', parentExecution: 'generation before', messageId: 'late' })])
    expect(await order.result()).toBe('failed: DTFX_CHILD_ID_IN_USE')
  })

  it('that was in use stays refused when a copy of the start comes after the end', async () => {
    await using hub = await createTestHub({ orchestrations: [parent, waiting] })
    const order = await hub.client.start(parent, 'c', { instanceId: 'p' })
    await hub.runUntilIdle()
    const refused = startMessage('c', { executionId: 'other', parent: 'q', messageId: 'other' })
    await hub.service.client.send([refused])
    await hub.runUntilIdle()
    await hub.client.raiseEvent('c', 'Go', 'it')
    expect(await order.result()).toBe('p got it')
    await hub.service.client.send([refused])
    await hub.runUntilIdle()
    expect(await statusOf(hub, 'c')).toBe('Completed')
  })

  it('of the same call, with the same grandchild id: the grandchild is replaced, not ended', async () => {
    const tree = defineOrchestration('Waiting', async (ctx) => ctx.callSubOrchestration('Leaf', undefined, { instanceId: 'leaf' }))
    const leaf = defineOrchestration('Leaf', async (ctx) => ctx.waitForExternalEvent<string>('Go'))
    await using hub = await createTestHub({ orchestrations: [tree, leaf] })
    await hub.service.client.send([startMessage('c', { executionId: 'x1', parent: 'p' })])
    await hub.runUntilIdle()
    const before = (await hub.client.state('leaf'))?.executionId
    await hub.service.client.send([startMessage('c', { executionId: 'x2', parent: 'p' })])
    await hub.runUntilIdle()
    const after = await hub.client.state('leaf')
    expect(after?.status).toBe('Running')
    expect(after?.executionId).not.toBe(before)
    await hub.client.raiseEvent('leaf', 'Go', 'fine')
    expect(await hub.client.result('c')).toBe('fine')
  })
})

describe('a start', () => {
  it('that is delivered twice begins one execution', async () => {
    await using hub = await createTestHub({ orchestrations: [waiting] })
    await hub.service.client.send([startMessage('c', { executionId: 'x1', parent: 'p' }), startMessage('c', { executionId: 'x1', parent: 'p' })])
    await hub.runUntilIdle()
    await hub.service.client.send([startMessage('c', { executionId: 'x1', parent: 'p' })])
    await hub.runUntilIdle()
    expect((await hub.history('c')).filter((event) => event.type === 'ExecutionStarted').length).toBe(1)
    await hub.client.terminate('c')
    await hub.runUntilIdle()
    await hub.service.client.send([startMessage('c', { executionId: 'x1', parent: 'p' })])
    await hub.runUntilIdle()
    expect(await statusOf(hub, 'c')).toBe('Terminated')
  })

  it('left over from a scheduled start that was terminated does not revive the id, and does not shadow its next use', async () => {
    await using hub = await createTestHub({ orchestrations: [waiting] })
    const early = await hub.client.start(waiting, 'old', { instanceId: 'c', startAt: new Date('2030-01-01T02:00:00Z') })
    await early.terminate('changed my mind')
    await hub.advance('1s')
    expect(await statusOf(hub, 'c')).toBe('Terminated')
    const next = await hub.client.start(waiting, 'new', { instanceId: 'c', reuse: 'replaceFinished', startAt: new Date('2030-01-01T03:00:00Z') })
    await hub.advance('2h')
    expect(await statusOf(hub, 'c')).toBe('Pending')
    await hub.advance('1h')
    await next.raiseEvent('Go', 'it')
    expect(await next.result()).toBe('new got it')
    await hub.advance('1d')
    expect(await statusOf(hub, 'c')).toBe('Completed')
  })
})

describe('a start that comes too late', () => {
  it('for its execution, which was terminated, does not revive an id that was used and finished since', async () => {
    await using hub = await createTestHub({ orchestrations: [waiting, echo] })
    const early = await hub.client.start(waiting, 'old', { instanceId: 'c', startAt: new Date('2030-01-01T02:00:00Z') })
    await early.terminate()
    await hub.advance('1m')
    const next = await hub.client.start(echo, 'new', { instanceId: 'c', reuse: 'replaceFinished' })
    expect(await next.result()).toBe('new')
    await hub.advance('3h')
    expect(await next.state()).toMatchObject({ status: 'Completed', name: 'Echo' })
  })
})

describe('termination', () => {
  const nodes = declareOrchestration<number, void>('Node')
  const node = defineOrchestration('Node', async (ctx, depth: number) => {
    if (depth === 0) await ctx.waitForExternalEvent('Never')
    else await Promise.all([ctx.callSubOrchestration(nodes, depth - 1, { instanceId: `${ctx.instanceId}.a` }), ctx.callSubOrchestration(nodes, depth - 1, { instanceId: `${ctx.instanceId}.b` })])
  })
  const tree = ['t', 't.a', 't.b', 't.a.a', 't.a.b', 't.b.a', 't.b.b']

  it('of a tree ends every descendant', async () => {
    await using hub = await createTestHub({ orchestrations: [node] })
    const top = await hub.client.start(node, 2, { instanceId: 't' })
    await hub.runUntilIdle()
    await top.terminate('enough', { recursive: true })
    await hub.runUntilIdle()
    expect(await Promise.all(tree.map((id) => statusOf(hub, id)))).toEqual(tree.map(() => 'Terminated'))
    await expect(top.result()).rejects.toMatchObject({ reason: 'enough' })
    expect(hub.service.occupancy()).toMatchObject({ readyOrchestrations: 0, delayed: 0 })
  })

  it('of one instance leaves its children running, and drops their answers', async () => {
    await using hub = await createTestHub({ orchestrations: [node] })
    const top = await hub.client.start(node, 1, { instanceId: 't' })
    await hub.runUntilIdle()
    await top.terminate()
    await hub.runUntilIdle()
    expect(await Promise.all(['t', 't.a', 't.b'].map((id) => statusOf(hub, id)))).toEqual(['Terminated', 'Running', 'Running'])
    await hub.client.raiseEvent('t.a', 'Never')
    await hub.runUntilIdle()
    expect(await Promise.all(['t', 't.a'].map((id) => statusOf(hub, id)))).toEqual(['Terminated', 'Completed'])
  })

  it('of a child is a failure to its parent', async () => {
    await using hub = await createTestHub({ orchestrations: [parent, waiting] })
    const order = await hub.client.start(parent, 'c')
    await hub.runUntilIdle()
    await hub.client.terminate('c', 'gone')
    expect(await order.result()).toBe('failed: DTFX_ORCHESTRATION_TERMINATED')
  })

  it('sent by an instance whose start was refused does not end what runs under the id', async () => {
    await using hub = await createTestHub({ orchestrations: [parent, waiting] })
    const owner = await hub.client.start(parent, 'shared', { instanceId: 'a' })
    await hub.runUntilIdle()
    // The refusal is on its way while the second parent is terminated with its children.
    const second = await hub.client.start(parent, 'shared', { instanceId: 'b' })
    await second.terminate('stop', { recursive: true })
    await hub.runUntilIdle()
    await hub.client.raiseEvent('shared', 'Go', 'it')
    expect(await owner.result()).toBe('a got it')
  })
})

describe('a child nobody waits for', () => {
  it('does not hold its parent up, tells it nothing, and survives it', async () => {
    const starter = defineOrchestration('Starter', async (ctx) => ctx.startSubOrchestration(waiting, 'lonely', { instanceId: 'lonely' }))
    await using hub = await createTestHub({ orchestrations: [starter, waiting] })
    const order = await hub.client.start(starter, undefined, { instanceId: 's' })
    expect(await order.result()).toBe('lonely')
    await order.terminate('late', { recursive: true })
    await hub.runUntilIdle()
    expect(await statusOf(hub, 'lonely')).toBe('Running')
    await hub.client.raiseEvent('lonely', 'Go', 'it')
    expect(await hub.client.result('lonely')).toBe('lonely got it')
    await hub.runUntilIdle()
    expect(hub.service.occupancy()).toMatchObject({ readyOrchestrations: 0 })
  })

  it('does not pass its being unwaited-for on to its own children', async () => {
    const middle = defineOrchestration('Middle', async (ctx) => `${await ctx.callSubOrchestration(echo, 'inner')}!`)
    const starter = defineOrchestration('Starter', async (ctx) => ctx.startSubOrchestration(middle, undefined, { instanceId: 'm', tags: { team: 'x' } }))
    await using hub = await createTestHub({ orchestrations: [starter, middle, echo] })
    await hub.client.start(starter)
    await hub.runUntilIdle()
    expect(await hub.client.result('m')).toBe('inner!')
    expect((await hub.client.state('m'))?.tags['team']).toBe('x')
  })
})

describe('answers', () => {
  it('to another execution, to closed tasks, of the wrong message or the wrong kind change nothing', async () => {
    const flow = defineOrchestration('Flow', async (ctx) => ctx.callActivity<string>('Slow'))
    await using hub = await createTestHub({ orchestrations: [flow], concurrency: { activities: 0 } })
    const order = await hub.client.start(flow, undefined, { instanceId: 'f' })
    await hub.runUntilIdle()
    const executionId = (await order.state())?.executionId as string
    const answer = (change: { taskId?: number; executionId?: string; replyTo?: string; type?: 'TaskCompleted' | 'SubOrchestrationInstanceCompleted'; result: string }): OutboundMessage => ({
      id: `answer-${change.result}`,
      target: { kind: 'instance', instanceId: 'f' },
      replyTo: change.replyTo,
      message: {
        instance: { instanceId: 'f', executionId: change.executionId ?? executionId },
        event: { type: change.type ?? 'TaskCompleted', eventId: -1, timestamp: '2030-01-01T00:00:00.000Z', taskScheduledId: change.taskId ?? 0, result: `"${change.result}"` },
      },
    })
    await hub.service.client.send([
      answer({ executionId: 'other', result: 'other execution' }),
      answer({ taskId: 5, result: 'no such task' }),
      answer({ replyTo: `${executionId}/7`, result: 'other message' }),
      answer({ type: 'SubOrchestrationInstanceCompleted', result: 'other kind' }),
    ])
    await hub.runUntilIdle()
    expect((await order.state())?.status).toBe('Running')
    await hub.service.client.send([answer({ replyTo: `${executionId}/0`, result: 'right' }), answer({ replyTo: `${executionId}/0`, result: 'twice' })])
    expect(await order.result()).toBe('right')
  })
})
