/** Answers of children after a rewind: only the answer to what the rewound parent asked counts, whatever a store delivers late or twice. */
import { describe, expect, it } from 'vitest'
import { defineActivity, defineOrchestration } from '@dtfx/core'
import type { Checkpoint, HistoryEvent, OutboundMessage } from '@dtfx/core/provider'
import { createTestHub, type TestHub } from '@dtfx/testing'
import { tapped } from './tapped-service.js'

/** Top → Middle → Leaf; the leaf fails while it is broken, and then waits for Go. All that workers sent is kept. */
async function family(options: { readonly hasMiddle: boolean }) {
  const broken = { now: true }
  const sent: OutboundMessage[] = []
  const work = defineActivity('Work', () => {
    if (broken.now) throw new Error('broken')
  })
  const leaf = defineOrchestration('Leaf', async (ctx, generation: number) => {
    await ctx.callActivity(work)
    const word = await ctx.waitForExternalEvent<string>('Go')
    return word === 'again' && generation < 3 ? ctx.continueAsNew(generation + 1) : word
  })
  const middle = defineOrchestration('Middle', async (ctx) => ctx.callSubOrchestration(leaf, 0, { instanceId: 'leaf' }))
  const top = defineOrchestration('Top', async (ctx): Promise<string> => (options.hasMiddle ? ctx.callSubOrchestration(middle, undefined, { instanceId: 'middle' }) : ctx.callSubOrchestration(leaf, 0, { instanceId: 'leaf' })))
  const tap = tapped({
    complete: (next, checkpoint: Checkpoint) => {
      sent.push(...checkpoint.outbound)
      return next()
    },
  })
  const hub = await createTestHub({ orchestrations: [leaf, middle, top], activities: [work], wrapService: tap.wrapService })
  const order = await hub.client.start(top, undefined, { instanceId: 'top' })
  await hub.runUntilIdle()
  expect(await statusOf(hub, 'top')).toBe('Failed')
  return { hub, order, broken, sent, parentOfLeaf: options.hasMiddle ? 'middle' : 'top' }
}

async function statusOf(hub: TestHub, id: string): Promise<string | undefined> {
  return (await hub.client.state(id))?.status
}

const isFailure = ({ message }: OutboundMessage): boolean => message.event.type === 'SubOrchestrationInstanceFailed'
const isRewind = ({ message }: OutboundMessage): boolean => message.event.type === 'ExecutionRewound'

/** The store delivers them once more. */
async function again(hub: TestHub, messages: readonly OutboundMessage[]): Promise<void> {
  await hub.service.client.send(messages)
  await hub.runUntilIdle()
}

describe.each([false, true])('the failure of before (a child between: %s)', (hasMiddle) => {
  it('that comes again after a rewind is no answer any more', async () => {
    const { hub, order, broken, sent } = await family({ hasMiddle })
    await using _ = hub
    broken.now = false
    await order.rewind()
    await hub.runUntilIdle()
    expect(await statusOf(hub, 'leaf')).toBe('Running')
    await again(hub, sent.filter(isFailure))
    for (const id of ['top', 'leaf']) expect(await statusOf(hub, id)).toBe('Running')
    await hub.client.raiseEvent('leaf', 'Go', 'on')
    expect(await order.result()).toBe('on')
  })

  it('nor after several rewinds, each with its failure', async () => {
    const { hub, order, broken, sent } = await family({ hasMiddle })
    await using _ = hub
    for (let round = 0; round < 3; round++) {
      await order.rewind()
      await hub.runUntilIdle()
      expect(await statusOf(hub, 'top')).toBe('Failed')
    }
    broken.now = false
    await order.rewind()
    await hub.runUntilIdle()
    await again(hub, sent.filter(isFailure))
    await again(hub, sent.filter(isRewind))
    expect(await statusOf(hub, 'top')).toBe('Running')
    await hub.client.raiseEvent('leaf', 'Go', 'on')
    expect(await order.result()).toBe('on')
    expect(new Set(sent.filter(isFailure).map(({ id }) => id)).size).toBe(sent.filter(isFailure).length)
  })

  it('a child that a client rewound before, and that still runs, answers the parent that is rewound after it', async () => {
    const { hub, order, broken, sent, parentOfLeaf } = await family({ hasMiddle })
    await using _ = hub
    broken.now = false
    await hub.client.rewind('leaf')
    await hub.runUntilIdle()
    await order.rewind()
    await hub.runUntilIdle()
    for (const id of ['leaf', parentOfLeaf, 'top']) expect(await statusOf(hub, id)).toBe('Running')
    await again(hub, sent.filter(isFailure))
    await hub.restartWorker()
    await hub.client.raiseEvent('leaf', 'Go', 'on')
    expect(await order.result()).toBe('on')
    expect((await hub.client.state('leaf'))?.parent?.executionId).toBe((await hub.client.state(parentOfLeaf))?.executionId)
  })

  it('also when it goes on as new before it ends', async () => {
    const { hub, order, broken } = await family({ hasMiddle })
    await using _ = hub
    broken.now = false
    await hub.client.rewind('leaf')
    await hub.runUntilIdle()
    await order.rewind()
    await hub.runUntilIdle()
    for (const word of ['again', 'again', 'on']) {
      await hub.client.raiseEvent('leaf', 'Go', word)
      await hub.runUntilIdle()
    }
    expect(await order.result()).toBe('on')
  })

  it('also when it fails once more, and a client rewinds it once more', async () => {
    const { hub, order, broken, sent } = await family({ hasMiddle })
    await using _ = hub
    broken.now = false
    await hub.client.rewind('leaf')
    await hub.runUntilIdle()
    await order.rewind()
    await hub.runUntilIdle()
    broken.now = true
    await hub.client.raiseEvent('leaf', 'Go', 'again')
    await hub.runUntilIdle()
    expect(await statusOf(hub, 'top')).toBe('Failed')
    broken.now = false
    await hub.client.rewind('leaf')
    await hub.runUntilIdle()
    await order.rewind()
    await hub.runUntilIdle()
    await again(hub, sent.filter(isFailure))
    expect(await statusOf(hub, 'top')).toBe('Running')
    await hub.client.raiseEvent('leaf', 'Go', 'on')
    expect(await order.result()).toBe('on')
  })

  it('a child that a client rewound before, and that is done, answers again', async () => {
    const { hub, order, broken, sent } = await family({ hasMiddle })
    await using _ = hub
    broken.now = false
    await hub.client.rewind('leaf')
    await hub.client.raiseEvent('leaf', 'Go', 'done')
    await hub.runUntilIdle()
    expect(await statusOf(hub, 'leaf')).toBe('Completed')
    await order.rewind()
    expect(await order.result()).toBe('done')
    await again(hub, sent.filter((each) => isFailure(each) || isRewind(each)))
    expect(await statusOf(hub, 'top')).toBe('Completed')
  })

  it('is the one that counts when the child fails again', async () => {
    const { hub, order, sent } = await family({ hasMiddle })
    await using _ = hub
    await order.rewind()
    await hub.runUntilIdle()
    expect(await statusOf(hub, 'top')).toBe('Failed')
    const [old, latest] = sent.filter((each) => isFailure(each) && each.target.kind === 'instance' && each.target.instanceId === 'top')
    expect(latest?.id).not.toBe(old?.id)
    expect(latest?.replyTo).toBe((await hub.history('top')).find((event): event is Extract<HistoryEvent, { type: 'SubOrchestrationInstanceCreated' }> => event.type === 'SubOrchestrationInstanceCreated')?.messageId)
  })
})

describe('a rewind that comes late', () => {
  it('does not touch a child that the parent has started anew since', async () => {
    const { hub, order, broken, sent } = await family({ hasMiddle: false })
    await using _ = hub
    broken.now = false
    await hub.client.rewind('leaf')
    await hub.runUntilIdle()
    await hub.client.terminate('leaf')
    await hub.runUntilIdle()
    await order.rewind()
    await hub.runUntilIdle()
    expect(await statusOf(hub, 'top')).toBe('Failed')
    await order.rewind()
    await hub.runUntilIdle()
    expect(await statusOf(hub, 'leaf')).toBe('Running')
    await again(hub, sent.filter(isRewind))
    await hub.client.raiseEvent('leaf', 'Go', 'on')
    expect(await order.result()).toBe('on')
  })
})
