import type { InstanceId } from '@dtfx/core/provider'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AzurePurgePort } from '../src/purge-port.js'
import { hubNames } from '../src/names.js'
import { RequestGate } from '@dtfx/azure-common'
import { HistoryEraser } from '../src/tracking/history-eraser.js'
import { SuspicionStore } from '../src/tracking/suspicion-store.js'
import { startAzurite, type Azurite } from './azurite.js'
import { checkpointOf, eventsOf, host, openStores, stateOf, type HubStores } from './tracking/hub-stores.js'

let azurite: Azurite
let stores: HubStores
const names = hubNames('purges', 1)
beforeAll(async () => {
  azurite = await startAzurite()
  stores = await openStores(azurite.connectionString, 'purges')
  await stores.clients.table(names.quarantineTable).createTable()
})
afterAll(() => azurite.stop())

const now = '2030-01-02T03:05:00.0000000Z'

function port(changes: Partial<AzurePurgePort['parts']> = {}): AzurePurgePort {
  const { clients, blobs, instances } = stores
  return new AzurePurgePort({ clients, names, host, instances, blobs, gate: new RequestGate(4), suspicions: new SuspicionStore(clients.table(names.quarantineTable), host), ...changes })
}

async function finished(id: InstanceId, count = 3): Promise<void> {
  const state = stateOf(id, { status: 'Completed', output: `"${'x'.repeat(40_000)}"` })
  await stores.histories.write(id, checkpointOf(id, undefined, { history: { kind: 'append', events: eventsOf(id, count) }, state }), now)
  await stores.instances.show({ state, sequence: 1, consumedIds: () => Promise.resolve({ deleted: [], pending: [] }) }, undefined)
}

/** The id is started anew, and its first turn is committed. */
async function startAgain(id: InstanceId, count = 2): Promise<void> {
  const row = await stores.instances.read(id)
  await stores.instances.claim({ state: stateOf(id, { executionId: 'e2', status: 'Pending' }), startMessageId: 'm', startMessages: [] }, row?.etag)
  const { version } = await stores.histories.load(id)
  expect(await stores.histories.write(id, checkpointOf(id, version, { executionId: 'e2', history: { kind: 'replace', events: eventsOf(id, count, { executionId: 'e2' }) } }), now)).toBeDefined()
}

async function keysOf(id: InstanceId): Promise<string[]> {
  const keys: string[] = []
  for await (const { rowKey } of stores.historyTable.listEntities({ queryOptions: { filter: `PartitionKey eq '${id}'` } })) keys.push(rowKey ?? '')
  return keys
}

describe('a purge', () => {
  it.each([1, 99, 100, 320])('deletes a history of %i events, blobs and row; done again it finds nothing', async (count) => {
    const id = `whole${count}`
    await finished(id, count)
    await stores.blobs.put(`${id}/message-1`, 'x')
    expect((await stores.blobs.namesOf(id)).size).toBe(2)
    expect(await port().purge(id)).toBe('purged')
    expect([await keysOf(id), (await stores.blobs.namesOf(id)).size, await stores.instances.read(id)]).toEqual([[], 0, undefined])
    expect(await port().purge(id)).toBe('not-found')
  })

  it('leaves alone what is live', async () => {
    await finished('live')
    await startAgain('live')
    expect(await port().purge('live')).toBe('not-finished')
    expect((await stores.histories.load('live')).history).toHaveLength(2)
  })

  it('does not touch what was started and committed after it saw the instance finished', async () => {
    await finished('race', 250)
    const seen = await stores.instances.read('race')
    await startAgain('race', 120)
    const read = async () => seen
    expect(await port({ instances: { ...stores.instances, read } as unknown as HubStores['instances'] }).purge('race')).toBe('not-finished')
    const { history, state } = await stores.histories.load('race')
    expect([history.length, state()?.executionId]).toEqual([120, 'e2'])
    expect(await stores.instances.read('race')).toMatchObject({ state: { executionId: 'e2', status: 'Pending' } })
  })

  it('that was cut off leaves no history to be read, is overtaken by a new start, and can be done again', async () => {
    for (const next of ['purge', 'start'] as const) {
      const id = `torn ${next}`
      await finished(id, 250)
      let writes = 0
      const table = new Proxy(stores.historyTable, {
        get: (target, name) => {
          const member = Reflect.get(target, name, target) as unknown
          if (name === 'submitTransaction' && ++writes > 1) throw new Error('no answer')
          return typeof member === 'function' ? (member as (...args: unknown[]) => unknown).bind(target) : member
        },
      })
      await expect(new HistoryEraser(table, host).erase(id, 'e1')).rejects.toThrow()
      const torn = await stores.histories.load(id)
      expect([torn.history, torn.state()]).toEqual([[], undefined])
      if (next === 'purge') {
        expect(await port().purge(id)).toBe('purged')
        expect(await keysOf(id)).toEqual([])
      } else {
        await startAgain(id, 2)
        expect(await port().purge(id)).toBe('not-finished')
        expect((await stores.histories.load(id)).history).toHaveLength(2)
      }
    }
  })
})
