/**
 * What a worker may believe: commits that fail or whose answer is lost, and copies in memory. Nobody takes his own write for that of another, what was decided but not stored is decided again from what
 * is stored, and only a commit, which the store checks, may rest on a copy.
 */
import assert from 'node:assert/strict'
import { defineActivity, defineEvent, defineOrchestration } from '@dtfx/core'
import { AmbiguousCommitError, TransientError, type CommitResult, type InstanceVersion, type OrchestrationWorkItem, type Settlement } from '@dtfx/core/provider'
import type { ConformanceHub } from './conformance-hub.js'
import type { Suite } from './suite.js'
import { withTappedWorker, type ItemTaps } from './tapped-worker.js'

export function commitFailureSuite(suite: Suite): void {
  suite.group('commit failures', () => {
    suite.test('a commit whose answer was lost is asked for again, and counts as made', async (hub) => {
      const asked = new Set<string>()
      const answers: CommitResult['outcome'][] = []
      const loseAnswers: ItemTaps['complete'] = async (item, checkpoint) => {
        const result = await item.complete(checkpoint)
        if (asked.has(checkpoint.checkpointId)) {
          answers.push(result.outcome)
          return result
        }
        asked.add(checkpoint.checkpointId)
        throw new AmbiguousCommitError('the commit', 'its answer was lost')
      }
      let runs = 0
      const count = defineActivity('Count', () => ++runs)
      const calls = defineOrchestration('Calls', async (ctx) => [await ctx.callActivity(count), await ctx.callActivity(count)])
      await withTappedWorker(hub, { orchestrations: [calls], activities: [count] }, { complete: loseAnswers }, async () => {
        assert.deepEqual(await (await hub.client.start(calls)).result({ timeout: '20s' }), [1, 2])
        await hub.eventually('the worker has heard of every commit', () => answers.length >= 3)
      })
      assert.deepEqual([...new Set(answers)], ['committed'])
      assert.equal(runs, 2)
    })
    suite.test('a turn that could not be committed leaves nothing behind in memory', async (hub) => {
      const data = defineEvent<number>('Data')
      const takes = defineOrchestration('Takes', async (ctx) => {
        const first = await ctx.waitForExternalEvent(data)
        ctx.setCustomStatus('took one')
        return [first, await ctx.waitForExternalEvent(data)]
      })
      let failing: string | undefined
      const failOne: ItemTaps['complete'] = (item, checkpoint) => {
        const isFirstEvent = checkpoint.history.events.some(({ type }) => type === 'EventRaised')
        if (isFirstEvent) failing ??= checkpoint.checkpointId
        return checkpoint.checkpointId === failing ? Promise.reject(new TransientError('the commit', 'the store is not there')) : item.complete(checkpoint)
      }
      await withTappedWorker(hub, { orchestrations: [takes] }, { complete: failOne }, async () => {
        const handle = await hub.client.start(takes)
        await hub.eventually('it waits', async () => (await handle.state())?.status === 'Running')
        await handle.raiseEvent(data, 1)
        await hub.eventually('the event was taken', async () => (await handle.state())?.customStatus === 'took one')
        assert.ok(failing !== undefined)
        await handle.raiseEvent(data, 2)
        assert.deepEqual(await handle.result({ timeout: '20s' }), [1, 2])
      })
    })
    suite.test('nothing is thrown away on the word of a copy in memory', async (hub) => {
      const waits = defineOrchestration('Waits', async (ctx) => ctx.waitForExternalEvent<string>('Go'))
      /** By item: the version that the worker said it knows when it last asked. */
      const asked = new WeakMap<object, InstanceVersion | undefined>()
      const discards: (InstanceVersion | undefined)[] = []
      const note = (item: OrchestrationWorkItem, settlements: readonly Settlement[]): void => {
        if (settlements.some(({ outcome }) => outcome === 'discard')) discards.push(asked.get(item))
      }
      const taps: ItemTaps = {
        load: (item, known) => (asked.set(item, known), item.load(known)),
        complete: (item, checkpoint) => (note(item, checkpoint.settlements), item.complete(checkpoint)),
        release: (item, settlements) => (note(item, settlements), item.release(settlements)),
      }
      await withTappedWorker(hub, { orchestrations: [waits] }, taps, async () => {
        const handle = await hub.client.start(waits)
        await hub.eventually('it waits', async () => (await handle.state())?.status === 'Running')
        const { instanceId } = handle
        const event = { type: 'TaskCompleted' as const, eventId: -1, timestamp: '2030-01-01T00:00:00Z', taskScheduledId: 7 }
        await hub.service.client.send([{ id: 'orphan', target: { kind: 'instance', instanceId }, message: { instance: { instanceId }, event } }])
        await hub.eventually('it was discarded', () => discards.length > 0)
        await handle.raiseEvent('Go', 'on')
        assert.equal(await handle.result({ timeout: '10s' }), 'on')
      })
      assert.ok(discards.every((known) => known === undefined), `discarded on the word of version ${String(discards)}`)
    })
    suite.test('every turn asks the store whether the copy in memory is the last', assertTurnsAsk)
  })
}

async function assertTurnsAsk(hub: ConformanceHub): Promise<void> {
  const asked = new WeakSet<OrchestrationWorkItem>()
  let committed = 0
  let unasked = 0
  const taps: ItemTaps = {
    load: (item, known) => (asked.add(item), item.load(known)),
    complete: (item, checkpoint) => {
      committed++
      if (!asked.has(item)) unasked++
      return item.complete(checkpoint)
    },
  }
  const next = defineActivity('Next', (_ctx, n: number) => n + 1)
  const calls = defineOrchestration('Calls', async (ctx) => ctx.callActivity(next, await ctx.callActivity(next, await ctx.callActivity(next, 0))))
  await withTappedWorker(hub, { orchestrations: [calls], activities: [next] }, taps, async () => {
    assert.equal(await (await hub.client.start(calls)).result({ timeout: '10s' }), 3)
  })
  assert.deepEqual([committed >= 4, unasked], [true, 0])
}
