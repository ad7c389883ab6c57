/** Sub-orchestrations: results and failures, ids, tags, children nobody waits for, ids in use. */
import assert from 'node:assert/strict'
import { defineEvent, defineOrchestration, SubOrchestrationFailedError } from '@dtfx/core'
import type { HistoryEvent, OutboundMessage } from '@dtfx/core/provider'
import type { ConformanceHub } from './conformance-hub.js'
import type { Suite } from './suite.js'

const go = defineEvent('Go')
const child = defineOrchestration('Child', async (_ctx, n: number) => n + 1)
const waiting = defineOrchestration('Waiting', async (ctx) => {
  await ctx.waitForExternalEvent(go)
  return 'went'
})

export function subOrchestrationSuite(suite: Suite): void {
  suite.group('sub-orchestrations', () => {
    suite.test('results of children come back, one after the other and all at once', async (hub) => {
      const parent = defineOrchestration('Parent', async (ctx) => {
        const first = await ctx.callSubOrchestration(child, 1)
        const rest = await Promise.all([10, 20, 30].map((n) => ctx.callSubOrchestration(child, n)))
        return [first, ...rest]
      })
      await hub.startWorker({ orchestrations: [parent, child] })
      assert.deepEqual(await (await hub.client.start(parent)).result({ timeout: '20s' }), [2, 11, 21, 31])
    })
    suite.test('a child knows its parent, inherits its tags, and is found by its id', async (hub) => {
      const looks = defineOrchestration('Looks', async (ctx) => [ctx.parent?.instanceId, ctx.tags['team'], ctx.tags['own'], ctx.instanceId])
      const parent = defineOrchestration('Parent', async (ctx) => ctx.callSubOrchestration(looks, undefined, { instanceId: `${ctx.instanceId}-child`, tags: { own: 'x' } }))
      await hub.startWorker({ orchestrations: [parent, looks] })
      const handle = await hub.client.start(parent, undefined, { instanceId: 'p', tags: { team: 'blue' } })
      assert.deepEqual(await handle.result({ timeout: '10s' }), ['p', 'blue', 'x', 'p-child'])
      await hub.shows('the child is shown as completed', async () => (await hub.client.state('p-child'))?.status === 'Completed')
    })
    suite.test('a failing child fails the call, a terminated one too', async (hub) => {
      const fails = defineOrchestration('Fails', async () => Promise.reject(new TypeError('bad child')))
      const parent = defineOrchestration('Parent', async (ctx) => {
        const outcomes: string[] = []
        for (const call of [() => ctx.callSubOrchestration(fails), () => ctx.callSubOrchestration(waiting, undefined, { instanceId: 'to-be-ended' })]) {
          await call().catch((error: unknown) => outcomes.push(error instanceof SubOrchestrationFailedError ? error.failure.errorMessage : 'other'))
        }
        return outcomes
      })
      await hub.startWorker({ orchestrations: [parent, fails, waiting] })
      const handle = await hub.client.start(parent)
      await hub.eventually('the child runs', async () => (await hub.client.state('to-be-ended'))?.status === 'Running')
      await hub.client.terminate('to-be-ended', 'enough')
      assert.deepEqual(await handle.result({ timeout: '10s' }), ['bad child', 'enough'])
    })
    suite.test('a child that nobody waits for runs on its own', async (hub) => {
      const parent = defineOrchestration('Parent', async (ctx) => ctx.startSubOrchestration(waiting))
      await hub.startWorker({ orchestrations: [parent, waiting] })
      const childId = await (await hub.client.start(parent)).result({ timeout: '10s' })
      await hub.eventually('the child runs', async () => (await hub.client.state(childId))?.status === 'Running')
      await hub.client.raiseEvent(childId, go)
      assert.equal(await hub.client.result(childId, { timeout: '10s' }), 'went')
    })
    suite.test('an id that somebody else uses fails the call with DTFX_CHILD_ID_IN_USE', async (hub) => {
      const parent = defineOrchestration('Parent', async (ctx) =>
        ctx.callSubOrchestration(child, 1, { instanceId: 'taken' }).catch((error: SubOrchestrationFailedError) => error.failure.properties?.['code']),
      )
      await hub.startWorker({ orchestrations: [parent, child, waiting] })
      await hub.client.start(waiting, undefined, { instanceId: 'taken' })
      await hub.eventually('it runs', async () => (await hub.client.state('taken'))?.status === 'Running')
      assert.equal(await (await hub.client.start(parent)).result({ timeout: '10s' }), 'DTFX_CHILD_ID_IN_USE')
      assert.equal((await hub.client.state('taken'))?.status, 'Running')
    })
    suite.test('an id that is finished is used again', async (hub) => {
      const parent = defineOrchestration('Parent', async (ctx) => [
        await ctx.callSubOrchestration(child, 1, { instanceId: 'again' }),
        await ctx.callSubOrchestration(child, 2, { instanceId: 'again' }),
      ])
      await hub.startWorker({ orchestrations: [parent, child] })
      assert.deepEqual(await (await hub.client.start(parent)).result({ timeout: '10s' }), [2, 3])
    })
    suite.test('an answer from another instance than the child is none', async (hub) => {
      await waitForChild(hub, undefined)
      for (const instanceId of ['stranger', 'own-child']) await answerParent(hub, instanceId, undefined)
      await hub.startWorker({ orchestrations: [parentOfOne] })
      assert.equal(await hub.client.result('parent', { timeout: '10s' }), 'from own-child')
    })
    suite.test('an answer to a call that was never committed is none', async (hub) => {
      await waitForChild(hub, 'call-2')
      for (const [instanceId, replyTo] of [['orphan', 'call-1'], ['own-child', 'call-2']] as const) await answerParent(hub, instanceId, replyTo)
      await hub.startWorker({ orchestrations: [parentOfOne] })
      assert.equal(await hub.client.result('parent', { timeout: '10s' }), 'from own-child')
    })
  })
}

const parentOfOne = defineOrchestration('Parent', async (ctx) => ctx.callSubOrchestration<string>('OwnChild', undefined, { instanceId: 'own-child' }))

/** Takes the start of an instance and commits a turn of it that no worker has run. */
async function commitByHand(hub: ConformanceHub, name: string, instanceId: string, turn: { readonly events: readonly HistoryEvent[]; readonly status: 'Running' | 'Completed'; readonly outbound: readonly OutboundMessage[] }): Promise<void> {
  const timestamp = hub.service.host.clock.nowTicks()
  const instance = { instanceId, executionId: `${instanceId}-1` }
  const start = { type: 'ExecutionStarted' as const, eventId: -1, timestamp, instance, name }
  await hub.service.client.create({ reuse: 'error', start: { id: `${instanceId}-start`, target: { kind: 'instance', instanceId }, message: { instance, event: start } } })
  const port = await hub.service.startWorker({ workerId: 'by-hand', concurrency: { orchestrations: 1, activities: 1 } })
  const { signal } = new AbortController()
  // Others that have messages are held until the port stops.
  let item = await port.nextOrchestration(signal)
  while (item.instanceId !== instanceId) item = await port.nextOrchestration(signal)
  const snapshot = await item.load()
  assert.ok(snapshot !== 'unchanged' && snapshot.state !== undefined)
  const result = await item.complete({
    executionId: instance.executionId,
    base: snapshot.version,
    checkpointId: `${instanceId}-commit`,
    settlements: item.messages.map(({ receipt }) => ({ receipt, outcome: 'consumed' as const })),
    history: { kind: 'append', events: [{ type: 'OrchestratorStarted', eventId: -1, timestamp }, start, ...turn.events, { type: 'OrchestratorCompleted', eventId: -1, timestamp }] },
    outbound: turn.outbound,
    state: { ...snapshot.state, status: turn.status, lastUpdatedAt: timestamp },
  })
  assert.equal(result.outcome, 'committed')
  await port.stop(0)
}

/** `messageId` undefined: as a worker of another writer leaves it, whose messages carry no ids. */
function waitForChild(hub: ConformanceHub, messageId: string | undefined): Promise<void> {
  const timestamp = hub.service.host.clock.nowTicks()
  return commitByHand(hub, 'Parent', 'parent', { status: 'Running', outbound: [], events: [{ type: 'SubOrchestrationInstanceCreated', eventId: 0, timestamp, name: 'OwnChild', instanceId: 'own-child', messageId }] })
}

function answerParent(hub: ConformanceHub, instanceId: string, replyTo: string | undefined): Promise<void> {
  const timestamp = hub.service.host.clock.nowTicks()
  const event: HistoryEvent = { type: 'SubOrchestrationInstanceCompleted', eventId: -1, timestamp, taskScheduledId: 0, result: JSON.stringify(`from ${instanceId}`) }
  const answer: OutboundMessage = { id: `${instanceId}-answer`, target: { kind: 'instance', instanceId: 'parent' }, replyTo, message: { instance: { instanceId: 'parent' }, event } }
  return commitByHand(hub, 'OwnChild', instanceId, { status: 'Completed', outbound: [answer], events: [{ type: 'ExecutionCompleted', eventId: 0, timestamp, status: 'Completed' }] })
}
