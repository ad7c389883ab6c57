import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { limits } from '../../src/base/limits.js'
import { RuntimeState } from '../../src/engine/runtime-state.js'
import type { HistoryEvent } from '../../src/model/events.js'
import { cachedBytes, InstanceCache, type CachedInstance } from '../../src/worker/instance-cache.js'
import { startEvent, storedState } from './inbox.js'

function entry(executionId = 'e1', { version = 1, bytes = 1 } = {}): CachedInstance {
  return { version, runtime: new RuntimeState('i', [startEvent(executionId)]), state: storedState(), consumedIds: { deleted: [], pending: [] }, bytes }
}

function cache(maxInstances: number, maxBytes = 1_000): { readonly cache: InstanceCache; readonly evicted: CachedInstance[] } {
  const evicted: CachedInstance[] = []
  return { evicted, cache: new InstanceCache({ maxInstances, maxBytes }, (each) => evicted.push(each)) }
}

describe('InstanceCache', () => {
  it('gives back what was put last', () => {
    const { cache: instances, evicted } = cache(2)
    const [first, second] = [entry('e1', { version: 1, bytes: 5 }), entry('e1', { version: 2, bytes: 7 })]
    instances.put('a', first)
    instances.put('a', second)
    expect(instances.get('a')).toBe(second)
    expect([instances.size, instances.bytes, evicted]).toEqual([1, 7, []])
  })
  it('forgets the execution that another one of the instance replaces', () => {
    const { cache: instances, evicted } = cache(2)
    const old = entry('e1')
    instances.put('a', old)
    instances.put('a', entry('e2'))
    expect(evicted).toEqual([old])
  })
  it('lets go of what was used least recently', () => {
    const { cache: instances, evicted } = cache(3)
    const [a, b, c, d, e] = [entry(), entry(), entry(), entry(), entry()]
    instances.put('a', a)
    instances.put('b', b)
    instances.put('c', c)
    instances.get('a')
    instances.put('b', b)
    instances.put('d', d)
    instances.put('e', e)
    expect(evicted).toEqual([c, a])
    expect(instances.get('b')).toBe(b)
  })
  it('lets go of as many as the bytes of a new one need', () => {
    const { cache: instances, evicted } = cache(10, 100)
    const [a, b, c, d] = [entry('a', { bytes: 30 }), entry('b', { bytes: 30 }), entry('c', { bytes: 40 }), entry('d', { bytes: 50 })]
    for (const each of [a, b, c, d]) instances.put(each.runtime.executionId, each)
    expect([evicted, instances.bytes, instances.size]).toEqual([[a, b], 90, 2])
  })
  it('lets go of others when one that is kept grows', () => {
    const { cache: instances, evicted } = cache(10, 100)
    const [a, b] = [entry('a', { bytes: 50 }), entry('b', { bytes: 50 })]
    instances.put('a', a)
    instances.put('b', b)
    instances.put('b', entry('b', { version: 2, bytes: 60 }))
    expect([evicted, instances.bytes]).toEqual([[a], 60])
  })
  it('does not keep what is larger than all the room, nor the smaller copy of it, and nothing else makes way', () => {
    const { cache: instances, evicted } = cache(10, 100)
    const [a, small, large] = [entry('a', { bytes: 50 }), entry('b', { bytes: 50 }), entry('b', { bytes: 101 })]
    instances.put('a', a)
    instances.put('b', small)
    instances.put('b', large)
    expect([evicted, instances.bytes, instances.get('b')]).toEqual([[large], 50, undefined])
    expect(instances.get('a')).toBe(a)
  })
  it('keeps nothing when it may not', () => {
    const { cache: instances, evicted } = cache(0)
    const a = entry()
    instances.put('a', a)
    expect(instances.get('a')).toBeUndefined()
    expect(evicted).toEqual([a])
  })
  it('tells of each entry when it is cleared, and not of removed ones', () => {
    const { cache: instances, evicted } = cache(5)
    const [a, b] = [entry(), entry()]
    instances.put('a', a)
    instances.put('b', b)
    instances.remove('a')
    instances.remove('unknown')
    instances.clear()
    expect(evicted).toEqual([b])
    expect([instances.size, instances.bytes]).toEqual([0, 0])
  })
  it('behaves like a list in order of use, cut at both bounds', () => {
    const step = fc.record({ do: fc.constantFrom('put', 'get', 'remove'), id: fc.constantFrom('a', 'b', 'c', 'd', 'e'), bytes: fc.integer({ min: 1, max: 60 }) })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 40 }), (maxInstances, steps) => {
        const { cache: instances, evicted } = cache(maxInstances, 100)
        let model: { id: string; cached: CachedInstance }[] = []
        const gone: CachedInstance[] = []
        for (const [index, { do: action, id, bytes }] of steps.entries()) {
          const known = model.find((each) => each.id === id)
          model = model.filter((each) => each !== known)
          if (action === 'put') {
            const cached = entry(`e${index}`, { bytes })
            instances.put(id, cached)
            if (known !== undefined) gone.push(known.cached)
            model.push({ id, cached })
            while (model.length > maxInstances || total(model) > 100) gone.push((model.shift() as { cached: CachedInstance }).cached)
          } else if (action === 'get') {
            expect(instances.get(id)).toBe(known?.cached)
            if (known !== undefined) model.push(known)
          } else instances.remove(id)
          expect([instances.size, instances.bytes]).toEqual([model.length, total(model)])
        }
        expect(evicted).toEqual(gone)
      }),
    )
  })
})

function total(entries: readonly { readonly cached: CachedInstance }[]): number {
  return entries.reduce((sum, { cached }) => sum + cached.bytes, 0)
}

describe('the estimate of bytes', () => {
  const at = '2030-01-01T00:00:00Z'
  const completed = (result: string): HistoryEvent => ({ type: 'TaskCompleted', eventId: -1, timestamp: at, taskScheduledId: 0, result })
  const raised = (input?: string): HistoryEvent => ({ type: 'EventRaised', eventId: -1, timestamp: at, name: 'Go', input })
  const failed: HistoryEvent = { type: 'TaskFailed', eventId: -1, timestamp: at, taskScheduledId: 0, reason: 'ab', details: 'cde', failure: { errorType: 'E', errorMessage: 'f', stackTrace: 'gh', isNonRetriable: false } }
  const base = limits.cachedInstanceBytes

  it.each<[string, Parameters<typeof cachedBytes>[0], 'append' | 'replace', HistoryEvent[], number]>([
    ['a new instance', undefined, 'append', [raised('1234')], base + 8],
    ['nothing but what has no payload', undefined, 'append', [raised()], base],
    ['results, inputs and failures', undefined, 'append', [completed('12'), raised('3'), failed], base + 2 * (2 + 1 + 8)],
    ['a cached copy and its turn', { bytes: 5_000 }, 'append', [completed('123')], 5_006],
    ['a loaded history and its turn', { history: [completed('1'), completed('2')] }, 'append', [completed('3')], base + 6],
    ['a generation that replaces the one before', { bytes: 5_000 }, 'replace', [completed('3')], base + 2],
    ['a history that is replaced', { history: [completed('long gone')] }, 'replace', [], base],
  ])('of %s', (_name, stored, kind, events, bytes) => {
    expect(cachedBytes(stored, { kind, events })).toBe(bytes)
  })
})
