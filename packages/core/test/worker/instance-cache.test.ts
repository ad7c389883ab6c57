import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RuntimeState } from '../../src/engine/runtime-state.js'
import { InstanceCache, type CachedInstance } from '../../src/worker/instance-cache.js'
import { startEvent, storedState } from './inbox.js'

function entry(executionId = 'e1', version = 1): CachedInstance {
  return { version, runtime: new RuntimeState('i', [startEvent(executionId)]), state: storedState(), consumedIds: { deleted: [], pending: [] } }
}

function cache(maxInstances: number): { readonly cache: InstanceCache; readonly evicted: CachedInstance[] } {
  const evicted: CachedInstance[] = []
  return { evicted, cache: new InstanceCache(maxInstances, (each) => evicted.push(each)) }
}

describe('InstanceCache', () => {
  it('gives back what was put last', () => {
    const { cache: instances, evicted } = cache(2)
    const [first, second] = [entry('e1', 1), entry('e1', 2)]
    instances.put('a', first)
    instances.put('a', second)
    expect(instances.get('a')).toBe(second)
    expect([instances.size, evicted]).toEqual([1, []])
  })
  it('forgets the execution that another one of the instance replaces', () => {
    const { cache: instances, evicted } = cache(2)
    const old = entry('e1')
    instances.put('a', old)
    instances.put('a', entry('e2'))
    expect(evicted).toEqual([old])
  })
  it('lets go of what was not used first', () => {
    const { cache: instances, evicted } = cache(2)
    const [a, b, c] = [entry(), entry(), entry()]
    instances.put('a', a)
    instances.put('b', b)
    instances.get('a')
    instances.put('c', c)
    expect(evicted).toEqual([b])
    expect(instances.get('a')).toBe(a)
    expect(instances.get('b')).toBeUndefined()
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
    instances.clear()
    expect(evicted).toEqual([b])
    expect(instances.size).toBe(0)
  })
  it('never holds more than allowed, and evicts each entry exactly once', () => {
    const step = fc.record({ do: fc.constantFrom('put', 'get', 'remove'), id: fc.constantFrom('a', 'b', 'c', 'd', 'e') })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 40 }), (maxInstances, steps) => {
        const { cache: instances, evicted } = cache(maxInstances)
        for (const [index, { do: action, id }] of steps.entries()) {
          if (action === 'put') instances.put(id, entry(`e${index}`))
          else instances[action](id)
          expect(instances.size).toBeLessThanOrEqual(maxInstances)
        }
        expect(new Set(evicted).size).toBe(evicted.length)
      }),
    )
  })
})
