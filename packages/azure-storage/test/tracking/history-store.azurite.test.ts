import { AmbiguousCommitError, type HistoryEvent, type InstanceVersion } from '@dtfx/core/provider'
import type { TableClient } from '@azure/data-tables'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HistoryStore } from '../../src/tracking/history-store.js'
import { RequestGate } from '@dtfx/azure-common'
import { startAzurite, type Azurite } from '../azurite.js'
import { checkpointOf, eventsOf, host, openStores, stateOf, silentLog, type HubStores } from './hub-stores.js'

let azurite: Azurite
let stores: HubStores
beforeAll(async () => {
  azurite = await startAzurite()
  stores = await openStores(azurite.connectionString)
})
afterAll(() => azurite.stop())

const now = '2030-01-02T03:05:00.0000000Z'
const append = (events: readonly HistoryEvent[]) => ({ kind: 'append' as const, events })
const replace = (events: readonly HistoryEvent[]) => ({ kind: 'replace' as const, events })
const namesOf = (events: readonly HistoryEvent[]): unknown[] => events.map((event) => ('name' in event ? event.name : event.type))

/** A store of a process that fails at one of its transactions. */
function failing(at: number, when: 'before' | 'after'): HistoryStore {
  let count = 0
  const table = new Proxy(stores.historyTable, {
    get(target, name) {
      if (name !== 'submitTransaction') return Reflect.get(target, name, target) instanceof Function ? (Reflect.get(target, name, target) as (...args: unknown[]) => unknown).bind(target) : Reflect.get(target, name, target)
      return async (...args: Parameters<TableClient['submitTransaction']>) => {
        const isIt = ++count === at
        if (isIt && when === 'before') throw new Error('no answer')
        const answer = await target.submitTransaction(...args)
        if (isIt) throw new Error('no answer')
        return answer
      }
    },
  })
  return new HistoryStore({ table, blobs: stores.blobs, host, gate: new RequestGate(16), log: silentLog })
}

async function committed(id: string, count: number): Promise<InstanceVersion> {
  const version = await stores.histories.write(id, checkpointOf(id, undefined, { history: append(eventsOf(id, count)) }), now)
  return version as InstanceVersion
}

describe('histories', () => {
  it('nothing stored is a version, which one of two can write on', async () => {
    const { histories } = stores
    const nothing = await histories.load('nothing')
    expect([nothing.history, nothing.state(), nothing.consumedIds]).toEqual([[], undefined, { deleted: [], pending: [] }])
    const write = () => histories.write('nothing', checkpointOf('nothing', nothing.version, { history: append(eventsOf('nothing', 2)), consumedIds: { deleted: ['x'], pending: ['y'] } }), now)
    const written = await Promise.all([write(), write()])
    expect(written.filter((version) => version !== undefined)).toHaveLength(1)
    const read = await histories.load('nothing')
    expect(written).toContain(read.version)
    expect(namesOf(read.history)).toEqual(['Flow', 'Event0'])
    expect([read.consumedIds, read.sequence, read.state()?.status]).toEqual([{ deleted: ['x'], pending: ['y'] }, 1, 'Running'])
  })

  it('a stale base changes nothing; a checkpoint that only settles moves the version on', async () => {
    const { histories } = stores
    const first = await committed('stale', 2)
    const second = await histories.write('stale', checkpointOf('stale', first, { history: append([]), state: undefined }), now)
    expect(second).not.toBe(first)
    expect(await histories.write('stale', checkpointOf('stale', first, { history: append(eventsOf('stale', 3)) }), now)).toBeUndefined()
    const read = await histories.load('stale')
    expect([read.version, read.history.length, read.state()?.status]).toEqual([second, 2, 'Running'])
  })

  it('a write of unknown result is found by the id of its checkpoint, or is not', async () => {
    const first = await committed('unknown', 2)
    for (const when of ['after', 'before'] as const) {
      const checkpoint = checkpointOf('unknown', first, { history: append(eventsOf('unknown', 1)) })
      if (when === 'before') expect(await failing(1, when).write('unknown', checkpoint, now).catch((error: unknown) => error)).toBeInstanceOf(AmbiguousCommitError)
      else await expect(failing(1, when).write('unknown', checkpoint, now)).rejects.toThrow(AmbiguousCommitError)
      const found = await stores.histories.versionOf('unknown', checkpoint.checkpointId)
      expect(found).toBe(when === 'after' ? (await stores.histories.load('unknown')).version : undefined)
    }
  })

  it.each([
    { what: 'append', kind: 'append', before: 10, count: 250, executionId: 'e1' },
    { what: 'continue-as-new', kind: 'replace', before: 230, count: 120, executionId: 'e2' },
    { what: 'rewind, under the same execution id', kind: 'replace', before: 230, count: 120, executionId: 'e1' },
    { what: 'replace by less', kind: 'replace', before: 350, count: 3, executionId: 'e1' },
  ] as const)('a checkpoint of several transactions ($what), cut off at each of them, is finished by the next who loads', async ({ what, kind, before, count, executionId }) => {
    for (let at = 1; at <= 4; at++) {
      for (const when of ['before', 'after'] as const) {
        const id = `${what} ${at} ${when}`
        const base = await committed(id, before)
        const events = eventsOf(id, count, { executionId, name: 'New' })
        const checkpoint = checkpointOf(id, base, { executionId, history: { kind, events }, state: stateOf(id, { executionId, customStatus: '"new"' }) })
        const result = await failing(at, when).write(id, checkpoint, now).catch((error: unknown) => error)
        if (!(result instanceof AmbiguousCommitError)) continue
        const isCommitted = at > 1 || when === 'after'
        const [read, other] = await Promise.all([stores.histories.load(id), stores.histories.load(id)])
        const expected = !isCommitted ? eventsOf(id, before) : kind === 'append' ? [...eventsOf(id, before), ...events] : events
        expect(namesOf(read.history)).toEqual(namesOf(expected))
        expect(namesOf(other.history)).toEqual(namesOf(expected))
        expect([read.isOurs, read.state()?.customStatus, read.sequence]).toEqual([true, isCommitted ? '"new"' : undefined, isCommitted ? 2 : 1])
        const version = await stores.histories.versionOf(id, checkpoint.checkpointId)
        expect(version).toBe(isCommitted ? (await stores.histories.load(id)).version : undefined)
        // Nothing is left over behind the events.
        const keys: string[] = []
        for await (const { rowKey } of stores.historyTable.listEntities({ queryOptions: { filter: `PartitionKey eq '${id}'` } })) keys.push(rowKey ?? '')
        expect(keys).toHaveLength(expected.length + 1)
      }
    }
  }, 120_000)

  it('a part whose plan is gone is no history', async () => {
    const base = await committed('no plan', 1)
    const checkpoint = checkpointOf('no plan', base, { history: append(eventsOf('no plan', 150)) })
    await expect(failing(2, 'before').write('no plan', checkpoint, now)).rejects.toThrow(AmbiguousCommitError)
    for (const name of await stores.blobs.namesOf('no plan')) await stores.blobs.delete(name)
    await expect(stores.histories.load('no plan')).rejects.toMatchObject({ code: 'DTFX_WIRE_INVALID' })
    expect(await stores.histories.read('no plan')).toHaveLength(100)
  })

  it('what a .NET worker wrote last is the truth, and what it does not know stays', async () => {
    const { histories, historyTable } = stores
    const large = `"${'x'.repeat(40_000)}"`
    const base = await histories.write('net', checkpointOf('net', undefined, { history: append(eventsOf('net', 2)), consumedIds: { deleted: [], pending: ['m'] }, state: stateOf('net', { customStatus: large }) }), now)
    expect((await histories.load('net')).state()?.customStatus).toBe(large)
    await historyTable.upsertEntity({ partitionKey: 'net', rowKey: '0000000000000002', EventType: 'ExecutionCompleted', ExecutionId: 'e1', EventId: 0, _Timestamp: { type: 'DateTime', value: now }, OrchestrationStatus: 'Completed', Result: '"done"' } as never)
    await historyTable.updateEntity({ partitionKey: 'net', rowKey: 'sentinel', ExecutionId: 'e1', IsCheckpointComplete: true, CheckpointCompletedTimestamp: { type: 'DateTime', value: '2030-01-02T03:06:00.0000000Z' } } as never, 'Merge')
    expect(await histories.write('net', checkpointOf('net', base, { history: append([]) }), now)).toBeUndefined()
    const read = await histories.load('net')
    expect([read.isOurs, read.history.length, read.state()?.status, read.state()?.output, read.consumedIds.pending]).toEqual([false, 3, 'Completed', '"done"', ['m']])
    // A commit of ours that says nothing of the state: the history still tells it, not what we kept before.
    expect(await histories.write('net', checkpointOf('net', read.version, { history: append([]), state: undefined }), now)).toBeDefined()
    const after = await histories.load('net')
    expect([after.isOurs, after.state()?.status, after.state()?.customStatus]).toEqual([true, 'Completed', undefined])
  })

  it('a longer history comes in pages, large payloads in blobs', async () => {
    const events = eventsOf('long', 1_500).map((event, index): HistoryEvent => (index === 1_400 && event.type === 'EventRaised' ? { ...event, input: `"${'é'.repeat(50_000)}"` } : event))
    expect(await stores.histories.write('long', checkpointOf('long', undefined, { history: replace(events) }), now)).toBeDefined()
    const read = await stores.histories.load('long')
    expect(namesOf(read.history)).toEqual(namesOf(events))
    expect(read.history[1_400]).toMatchObject({ input: `"${'é'.repeat(50_000)}"` })
  })
})
