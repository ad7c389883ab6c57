/** Locks at the port: one holder, stale commits, lost locks, and that an item given back comes again. */
import assert from 'node:assert/strict'
import { DurableError } from '@dtfx/core'
import type { Checkpoint, InstanceVersion, OutboundMessage, OrchestrationWorkItem, WorkerPort } from '@dtfx/core/provider'
import type { ConformanceHub } from './conformance-hub.js'
import type { Suite } from './suite.js'

const spec = { workerId: 'w', concurrency: { orchestrations: 4, activities: 4 } }

function startMessage(instanceId: string): OutboundMessage {
  const instance = { instanceId, executionId: `${instanceId}-execution` }
  return {
    id: `${instanceId}-start`,
    target: { kind: 'instance', instanceId },
    message: { instance, event: { type: 'ExecutionStarted', eventId: -1, timestamp: '2030-01-01T00:00:00Z', instance, name: 'Ports' } },
  }
}

async function portWith(hub: ConformanceHub, instanceId: string): Promise<WorkerPort> {
  const port = await hub.service.startWorker(spec)
  await hub.service.client.create({ start: startMessage(instanceId), reuse: 'error' })
  return port
}

/** A commit that settles the messages of the item and writes one event and a state. */
function checkpointOf(item: OrchestrationWorkItem, base: InstanceVersion): Checkpoint {
  const { instanceId } = item
  const timestamp = '2030-01-01T00:00:00Z'
  return {
    executionId: `${instanceId}-execution`,
    base,
    checkpointId: 'c1',
    settlements: settled(item),
    history: { kind: 'append', events: [{ type: 'OrchestratorStarted', eventId: -1, timestamp }] },
    outbound: [],
    state: { instanceId, executionId: `${instanceId}-execution`, name: 'Ports', status: 'Running', generation: 0, createdAt: timestamp, lastUpdatedAt: timestamp },
  }
}

function settled(item: OrchestrationWorkItem) {
  return item.messages.map(({ receipt }) => ({ receipt, outcome: 'consumed' as const }))
}

function eventFor(instanceId: string, id: string): OutboundMessage {
  return { id, target: { kind: 'instance', instanceId }, message: { instance: { instanceId }, event: { type: 'EventRaised', eventId: -1, timestamp: '2030-01-01T00:00:00Z', name: 'Any' } } }
}

/** Commits nothing but a custom status. Returns the new version. */
async function commitAgain(item: OrchestrationWorkItem, status: string): Promise<InstanceVersion> {
  const snapshot = await item.load()
  assert.ok(snapshot !== 'unchanged' && snapshot.state !== undefined)
  const { executionId } = snapshot.state
  const result = await item.complete({
    executionId,
    base: snapshot.version,
    checkpointId: status,
    settlements: settled(item),
    history: { kind: 'append', events: snapshot.history.length > 0 ? [] : item.messages.map(({ message }) => message.event) },
    outbound: [],
    state: { ...snapshot.state, status: 'Running', customStatus: JSON.stringify(status) },
  })
  assert.ok(result.outcome === 'committed')
  return result.version
}

export function lockSuite(suite: Suite): void {
  suite.group('locks', () => {
    suite.test('an instance is handed to one at a time, and again after it was released', async (hub) => {
      const port = await portWith(hub, 'a')
      const never = new AbortController()
      const item = await port.nextOrchestration(never.signal)
      assert.equal(item.instanceId, 'a')
      const second = port.nextOrchestration(never.signal)
      const early = await Promise.race([second.then(() => 'handed out'), hub.client.state('a').then(() => 'still locked')])
      assert.equal(early, 'still locked')
      await item.release([])
      const again = await second
      assert.equal(again.messages[0]?.deliveryCount, 2)
      assert.equal(again.messages[0]?.faultCount, 0)
      await again.release([])
      await port.stop(0)
    })
    suite.test('faults are counted per message, other releases are not', async (hub) => {
      const port = await portWith(hub, 'a')
      const { signal } = new AbortController()
      const item = await port.nextOrchestration(signal)
      await item.release(item.messages.map(({ receipt }) => ({ receipt, outcome: 'fault' as const })))
      const again = await port.nextOrchestration(signal)
      assert.deepEqual([again.messages[0]?.deliveryCount, again.messages[0]?.faultCount], [2, 1])
      await again.release(again.messages.map(({ receipt }) => ({ receipt, outcome: 'defer' as const })))
      assert.equal((await port.nextOrchestration(signal)).messages[0]?.faultCount, 1)
      await port.stop(0)
    })
    suite.test('a fetch that is aborted rejects', async (hub) => {
      const port = await hub.service.startWorker(spec)
      const abort = new AbortController()
      const fetching = port.nextOrchestration(abort.signal)
      const activity = port.nextActivity({}, abort.signal)
      abort.abort(new Error('enough'))
      await assert.rejects(fetching)
      await assert.rejects(activity)
      await port.stop(0)
    })
    suite.test('a commit on another version is stale and changes nothing', async (hub) => {
      const port = await portWith(hub, 'a')
      const item = await port.nextOrchestration(new AbortController().signal)
      const result = await item.complete({ executionId: 'a-execution', base: 'no such version', checkpointId: 'c1', settlements: settled(item), history: { kind: 'append', events: [] }, outbound: [] })
      assert.equal(result.outcome, 'stale')
      const again = await port.nextOrchestration(new AbortController().signal)
      assert.equal(again.messages.length, 1)
      await again.release([])
      await port.stop(0)
    })
    suite.test('who knows an older version is given the instance as it is now', async (hub) => {
      const { signal } = new AbortController()
      const port = await portWith(hub, 'a')
      const first = await commitAgain(await port.nextOrchestration(signal), 'first')
      await port.stop(0)
      const other = await hub.service.startWorker({ ...spec, workerId: 'other' })
      await hub.service.client.send([eventFor('a', 'event-1')])
      const second = await commitAgain(await other.nextOrchestration(signal), 'second')
      await hub.service.client.send([eventFor('a', 'event-2')])
      const item = await other.nextOrchestration(signal)
      const found = await item.load(first)
      assert.ok(found !== 'unchanged')
      assert.deepEqual([found.version, found.state?.customStatus], [second, '"second"'])
      await item.release([])
      await other.stop(0)
    })
    suite.test('a turn on nothing commits on the version that load gave', async (hub) => {
      const port = await hub.service.startWorker(spec)
      await hub.service.client.send([startMessage('a')])
      const item = await port.nextOrchestration(new AbortController().signal)
      const snapshot = await item.load()
      assert.ok(snapshot !== 'unchanged')
      assert.deepEqual([snapshot.state, snapshot.history], [undefined, []])
      assert.equal((await item.complete(checkpointOf(item, snapshot.version))).outcome, 'committed')
      await port.stop(0)
    })
    for (const stored of [true, false]) {
      suite.test(`suspect turns are counted until a release or a commit, ${stored ? 'on' : 'before there is'} a stored instance`, async (hub) => {
        const { signal } = new AbortController()
        const first = await hub.service.startWorker(spec)
        await (stored ? hub.service.client.create({ start: startMessage('a'), reuse: 'error' }) : hub.service.client.send([startMessage('a')]))
        assert.equal(await (await first.nextOrchestration(signal)).markSuspect(), 1)
        await first.stop(0)
        const port = await hub.service.startWorker({ ...spec, workerId: 'other' })
        const second = await port.nextOrchestration(signal)
        const snapshot = await second.load()
        assert.equal(await second.markSuspect(), 2)
        await second.release([])
        const third = await port.nextOrchestration(signal)
        assert.equal(await third.markSuspect(), 1)
        assert.ok(snapshot !== 'unchanged')
        assert.equal((await third.complete(checkpointOf(third, snapshot.version))).outcome, 'committed')
        await port.stop(0)
      })
    }
    suite.test('after stop, a held item can neither be completed nor does it stay locked', async (hub) => {
      const port = await portWith(hub, 'a')
      const item = await port.nextOrchestration(new AbortController().signal)
      const snapshot = await item.load()
      await port.stop(0)
      assert.ok(snapshot !== 'unchanged')
      await assert.rejects(
        item.complete({ executionId: 'a-execution', base: snapshot.version, checkpointId: 'c1', settlements: settled(item), history: { kind: 'append', events: [] }, outbound: [] }),
        (error) => DurableError.is(error, 'DTFX_LOCK_LOST') || DurableError.is(error, 'DTFX_CLOSED'),
      )
      const other = await hub.service.startWorker({ ...spec, workerId: 'other' })
      assert.equal((await other.nextOrchestration(new AbortController().signal)).instanceId, 'a')
      await other.stop(0)
    })
    if (suite.capabilities.quarantine) {
      suite.test('a message that was set aside can be listed, replayed and deleted', async (hub) => {
        const port = await portWith(hub, 'a')
        const { signal } = new AbortController()
        const item = await port.nextOrchestration(signal)
        await item.release(item.messages.map(({ receipt }) => ({ receipt, outcome: 'quarantine' as const, code: 'DTFX_POISON', reason: 'test' })))
        const quarantine = hub.service.quarantine
        assert.ok(quarantine !== undefined)
        const list = async () => {
          const all = []
          for await (const each of quarantine.list()) all.push(each)
          return all
        }
        const [message] = await list()
        assert.deepEqual([message?.id, message?.code, message?.reason], ['a-start', 'DTFX_POISON', 'test'])
        assert.equal(await quarantine.replay('a-start'), true)
        const again = await port.nextOrchestration(signal)
        assert.equal(again.messages[0]?.faultCount, 0)
        await again.release(again.messages.map(({ receipt }) => ({ receipt, outcome: 'quarantine' as const, code: 'DTFX_POISON', reason: 'again' })))
        assert.equal(await quarantine.delete('a-start'), true)
        assert.equal(await quarantine.delete('a-start'), false)
        assert.deepEqual(await list(), [])
        await port.stop(0)
      })
    }
  })
}
