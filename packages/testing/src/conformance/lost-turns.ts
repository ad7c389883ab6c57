/** Turns that lose their race: what they have sent answers to nobody, and what was thrown away in the meantime was not meant for them. */
import assert from 'node:assert/strict'
import { defineOrchestration } from '@dtfx/core'
import { deferred, DurableError, type ActivityWorkItem, type CommitResult, type Settlement } from '@dtfx/core/provider'
import type { ConformanceHub } from './conformance-hub.js'
import type { Suite } from './suite.js'
import { withTappedWorker, type ItemTaps } from './tapped-worker.js'

function discards(settlements: readonly Settlement[]): boolean {
  return settlements.some(({ outcome }) => outcome === 'discard')
}

/** One turn decides a call and loses, the next one decides another; the answers come in that order, once it is certain which turn counts. */
async function decideTwice(hub: ConformanceHub, options: { readonly mayBeSent: boolean }): Promise<string> {
  const decided = deferred<void>()
  const discarded = deferred<void>()
  let runs = 0
  const decides = defineOrchestration('Decides', async (ctx) => ctx.callActivity<string>(runs++ === 0 ? 'Lost' : 'Kept'))
  let commits = 0
  const loseFirst: ItemTaps = {
    complete: async (item, checkpoint) => {
      if (commits++ === 0) return item.complete({ ...checkpoint, base: 'no such version' })
      const result = await item.complete(checkpoint)
      decided.resolve()
      if (discards(checkpoint.settlements)) discarded.resolve()
      return result
    },
    release: async (item, settlements) => {
      await item.release(settlements)
      if (discards(settlements)) discarded.resolve()
    },
  }
  return withTappedWorker(hub, { orchestrations: [decides], concurrency: { activities: 0 } }, loseFirst, async () => {
    const port = await hub.service.startWorker({ workerId: 'by-hand', concurrency: { orchestrations: 1, activities: 2 } })
    const handle = await hub.client.start(decides)
    await decided.promise
    const calls = new Map<string, ActivityWorkItem>()
    while (calls.size < (options.mayBeSent ? 2 : 1)) {
      const item = await port.nextActivity({}, new AbortController().signal)
      calls.set(nameOf(item), item)
    }
    for (const name of ['Lost', 'Kept']) {
      await calls.get(name)?.complete({ type: 'TaskCompleted', eventId: -1, timestamp: hub.service.host.clock.nowTicks(), taskScheduledId: 0, result: JSON.stringify(`of ${name}`) })
      if (name === 'Lost' && options.mayBeSent) await Promise.race([discarded.promise, handle.result({ timeout: '10s' })])
    }
    await port.stop(0)
    return handle.result({ timeout: '10s' })
  })
}

function nameOf({ delivered }: ActivityWorkItem): string {
  const { event } = delivered.message
  return event.type === 'TaskScheduled' ? event.name : event.type
}

export function lostTurnSuite(suite: Suite): void {
  const mayBeSent = suite.capabilities.commit === 'messages-first'
  suite.group('lost turns', () => {
    suite.test('the answer to what a lost turn has decided is none to what was decided instead', async (hub) => {
      assert.equal(await decideTwice(hub, { mayBeSent }), 'of Kept')
    })
    // Where instances are pinned, nobody else is handed the instance meanwhile.
    if (suite.capabilities.pinnedInstances !== true) {
      suite.test('a turn that began before an answer was thrown away is not committed after it', async (hub) => {
        const waits = defineOrchestration('Waits', async (ctx) => ctx.waitForExternalEvent<string>('Go'))
        await withTappedWorker(hub, { orchestrations: [waits] }, {}, async () => {
          await hub.client.start(waits, undefined, { instanceId: 'a' })
          await hub.eventually('it waits', async () => (await hub.client.state('a'))?.status === 'Running')
        })
        const port = await hub.service.startWorker({ workerId: 'slow', concurrency: { orchestrations: 1, activities: 1 } })
        const timestamp = hub.service.host.clock.nowTicks()
        const instance = { instanceId: 'a' }
        await hub.service.client.send([{ id: 'answer', target: { kind: 'instance', instanceId: 'a' }, message: { instance, event: { type: 'TaskCompleted', eventId: -1, timestamp, taskScheduledId: 0 } } }])
        const item = await port.nextOrchestration(new AbortController().signal)
        const snapshot = await item.load()
        assert.ok(snapshot !== 'unchanged' && snapshot.state !== undefined)
        await item.release([])
        const discarded = deferred<void>()
        const note = async <T>(settlements: readonly Settlement[], settling: Promise<T>): Promise<T> => {
          const result = await settling
          if (discards(settlements)) discarded.resolve()
          return result
        }
        const taps: ItemTaps = {
          complete: (other, checkpoint) => note(checkpoint.settlements, other.complete(checkpoint)),
          release: (other, settlements) => note(settlements, other.release(settlements)),
        }
        await withTappedWorker(hub, { orchestrations: [waits] }, taps, () => discarded.promise)
        const late: Promise<CommitResult> = item.complete({
          executionId: snapshot.state.executionId,
          base: snapshot.version,
          checkpointId: 'late',
          settlements: [],
          history: { kind: 'append', events: [{ type: 'TaskScheduled', eventId: 0, timestamp, name: 'Any' }] },
          outbound: [],
          state: snapshot.state,
        })
        const outcome = await late.then((result) => result.outcome, (error: unknown) => (DurableError.is(error, 'DTFX_LOCK_LOST') ? 'lock lost' : Promise.reject(error as Error)))
        assert.notEqual(outcome, 'committed')
        await port.stop(0)
      })
    }
  })
}
