import type { ConsumedIds, InstanceState } from '@dtfx/core/provider'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isNewerClaim, type CommittedShow, type StoredRowOfInstance } from '../../src/tracking/instance-store.js'
import { startAzurite, type Azurite } from '../azurite.js'
import { openStores, stateOf, type HubStores } from './hub-stores.js'

let azurite: Azurite
let stores: HubStores
beforeAll(async () => {
  azurite = await startAzurite()
  stores = await openStores(azurite.connectionString)
})
afterAll(() => azurite.stop())

const early = '2030-01-01T00:00:00.0000000Z'
const late = '2030-01-01T00:00:09.0000000Z'

const commit = (state: InstanceState, sequence: number, consumed: readonly string[] = []): CommittedShow => ({ state, sequence, consumedIds: () => Promise.resolve({ deleted: [], pending: consumed }) })
const claim = (id: string, executionId: string, startMessageId: string, createdAt = early) => ({ state: stateOf(id, { executionId, status: 'Pending', createdAt }), startMessageId, startMessages: [] })
const shown = async (id: string): Promise<string | undefined> => {
  const read = await stores.instances.read(id)
  return read === undefined ? undefined : `${read.state.executionId} ${read.state.status} ${read.sequence}`
}

describe('rows of instances', () => {
  it('of many claims one is stored, and only over the row that was seen', async () => {
    const { instances } = stores
    const claims = await Promise.all(Array.from({ length: 10 }, (_, index) => instances.claim(claim('many', `e${index}`, `m${index}`), undefined)))
    expect(claims.filter((etag) => etag !== undefined)).toHaveLength(1)
    const first = (await instances.read('many')) as StoredRowOfInstance
    expect(await instances.claim(claim('many', 'again', 'again'), first.etag)).toBeDefined()
    expect(await instances.claim(claim('many', 'late', 'late'), first.etag)).toBeUndefined()
    expect(await shown('many')).toBe('again Pending 0')
  })

  it('a slow one never covers a newer state', async () => {
    const { instances } = stores
    const { row } = await instances.show(commit(stateOf('slow'), 1), undefined)
    expect((await instances.show(commit(stateOf('slow', { status: 'Completed', output: '"x"' }), 3), row)).isWritten).toBe(true)
    const late = await instances.show(commit(stateOf('slow', { customStatus: '"2"' }), 2), row)
    expect([late.isWritten, late.row.etag]).toEqual([false, (await instances.read('slow'))?.etag])
    expect(await shown('slow')).toBe('e1 Completed 3')
  })

  it('an output in a blob does not outlive the execution that was rewound', async () => {
    const { instances } = stores
    const large = `"${'x'.repeat(40_000)}"`
    const first = await instances.show(commit(stateOf('rewound', { status: 'Completed', output: large }), 1), undefined)
    expect((await instances.read('rewound'))?.state.output).toBe(large)
    await instances.show(commit(stateOf('rewound', { status: 'Completed' }), 2), first.row)
    expect((await instances.read('rewound'))?.state.output).toBeUndefined()
  })

  it.each([
    { what: 'a claim over a finished execution stays, whatever the clock of its client says', createdAt: '2029-01-01T00:00:00.0000000Z', consumed: [], expected: 'new Pending 0' },
    { what: 'a claim gives way to what came of it by continue-as-new, whatever the clocks say', createdAt: late, consumed: ['start'], expected: 'e1 Completed 5' },
  ])('$what', async ({ what, createdAt, consumed, expected }) => {
    const { instances } = stores
    await instances.claim(claim(what, 'new', 'start', createdAt), undefined)
    await instances.show(commit(stateOf(what, { status: 'Completed', createdAt: early }), 5, consumed), undefined)
    expect(await shown(what)).toBe(expected)
  })

  it('of a claim of .NET, which names no message, the times tell', () => {
    const none: ConsumedIds = { deleted: [], pending: [] }
    const row = (createdAt: string): StoredRowOfInstance => ({ etag: 'x', state: stateOf('net', { executionId: 'new', status: 'Pending', createdAt }), sequence: 0, startMessageId: undefined, startMessages: [] })
    expect([isNewerClaim(row(late), stateOf('net', { createdAt: early }), none), isNewerClaim(row(early), stateOf('net', { createdAt: late }), none)]).toEqual([true, false])
  })

  it('columns of strangers stay within an execution', async () => {
    const { instances, instancesTable } = stores
    const { row } = await instances.show(commit(stateOf('extra'), 1), undefined)
    await instancesTable.updateEntity({ partitionKey: 'extra', rowKey: '', Custom: 'theirs' }, 'Merge')
    await instances.show(commit(stateOf('extra', { status: 'Completed' }), 2), row)
    expect((await instances.read('extra'))?.state).toMatchObject({ status: 'Completed', extra: { Custom: 'theirs' } })
  })
})
