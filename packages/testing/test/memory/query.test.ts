import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { InstanceFilter, InstanceState } from '@dtfx/core/provider'
import type { MemoryService } from '@dtfx/testing/memory'
import { matches } from '../../src/memory/query-port.js'
import { create, memoryHub, raised, runTurn, stateOf, type MemoryHub } from './memory-hub.js'

async function all(service: MemoryService, filter: InstanceFilter, size = 2): Promise<string[]> {
  const ids: string[] = []
  let continuation: string | undefined
  do {
    const page = await service.query.query(filter, { size, continuation, payloads: false })
    expect(page.instances.length).toBeLessThanOrEqual(size)
    ids.push(...page.instances.map(({ instanceId }) => instanceId))
    continuation = page.continuation
  } while (continuation !== undefined)
  return ids
}

async function stored(hub: MemoryHub, instanceId: string, change: Partial<InstanceState>): Promise<void> {
  await create(hub.service, instanceId)
  await runTurn(hub.port, { state: stateOf(instanceId, change) })
}

async function sample(): Promise<MemoryHub> {
  const hub = await memoryHub()
  const parent = { name: 'Parent', instance: { instanceId: 'p' }, taskScheduleId: 1 }
  await stored(hub, 'b-1', { status: 'Completed', createdAt: '2030-01-01T00:00:01.000Z', completedAt: '2030-01-01T01:00:00.000Z', input: '1', output: '2' })
  await stored(hub, 'a-1', { name: 'Other', tags: { team: 'x', stage: 'test' }, version: '2' })
  await stored(hub, 'c-1', { status: 'Failed', completedAt: '2030-01-01T02:00:00.000Z', parent })
  await stored(hub, 'b-2', { tags: { team: 'x' } })
  await hub.service.client.send([raised('a-0', 'message only')])
  return hub
}

describe('query', () => {
  it.each<[string, InstanceFilter, string[]]>([
    ['everything', {}, ['a-1', 'b-1', 'b-2', 'c-1']],
    ['status', { status: ['Completed', 'Failed'] }, ['b-1', 'c-1']],
    ['no status', { status: [] }, []],
    ['name', { name: 'Other' }, ['a-1']],
    ['version', { version: '2' }, ['a-1']],
    ['prefix', { idPrefix: 'b-' }, ['b-1', 'b-2']],
    ['prefix of nothing', { idPrefix: 'bb' }, []],
    ['tags', { tags: { team: 'x' } }, ['a-1', 'b-2']],
    ['all tags', { tags: { team: 'x', stage: 'test' } }, ['a-1']],
    ['parent', { parent: 'p' }, ['c-1']],
    ['no parent', { parent: null }, ['a-1', 'b-1', 'b-2']],
    ['created after, inclusive', { createdAfter: '2030-01-01T00:00:01.000Z' }, ['b-1']],
    ['created before, exclusive', { createdBefore: '2030-01-01T00:00:01.000Z' }, ['a-1', 'b-2', 'c-1']],
    ['completed after', { completedAfter: '2030-01-01T02:00:00.000Z' }, ['c-1']],
    ['completed before', { completedBefore: '2030-01-01T02:00:00.000Z' }, ['b-1']],
    ['all conditions at once', { status: ['Failed'], parent: 'p', name: 'Flow', idPrefix: 'c' }, ['c-1']],
  ])('by %s', async (_, filter, expected) => {
    const { service } = await sample()
    for (const size of [1, 2, 100]) expect(await all(service, filter, size)).toEqual(expected)
  })

  it('shows payloads only when asked', async () => {
    const { service } = await sample()
    const filter = { idPrefix: 'b-1' }
    expect((await service.query.query(filter, { size: 10, payloads: true })).instances).toMatchObject([{ input: '1', output: '2' }])
    expect((await service.query.query(filter, { size: 10, payloads: false })).instances[0]).not.toHaveProperty('output')
  })

  it('goes on at the right place while instances come and go', async () => {
    const hub = await sample()
    const { continuation } = await hub.service.query.query({}, { size: 2, payloads: false })
    await hub.service.purge.purge('b-1')
    await stored(hub, 'b-11', {})
    const rest = await hub.service.query.query({}, { size: 10, continuation, payloads: false })
    expect(rest.instances.map(({ instanceId }) => instanceId)).toEqual(['b-11', 'b-2', 'c-1'])
  })

  it('finds by prefix and page what a plain filter finds', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.string({ minLength: 1, maxLength: 3, unit: fc.constantFrom('a', 'b', '-', '\u{1F600}') }), { maxLength: 12 }), fc.string({ maxLength: 2, unit: fc.constantFrom('a', 'b', '-') }), fc.integer({ min: 1, max: 4 }), async (ids, idPrefix, size) => {
        const hub = await memoryHub()
        for (const id of ids) await create(hub.service, id)
        const expected = [...ids].sort().filter((id) => matches(stateOf(id), { idPrefix }))
        expect(await all(hub.service, { idPrefix }, size)).toEqual(expected)
      }),
    )
  })
})
