import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Fifo } from '../../src/memory/fifo.js'

describe('Fifo', () => {
  it('behaves like an array with push, shift and removals', () => {
    const step = fc.oneof(fc.record({ push: fc.integer() }), fc.constant('shift' as const), fc.record({ takeFirst: fc.integer({ max: 3 }) }), fc.record({ extract: fc.integer({ max: 3 }) }))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const fifo = new Fifo<number>()
        let model: number[] = []
        for (const each of steps) {
          if (each === 'shift') expect(fifo.shift()).toBe(model.shift())
          else if ('push' in each) {
            fifo.push(each.push)
            model.push(each.push)
          } else if ('takeFirst' in each) {
            const at = model.findIndex((item) => item > each.takeFirst)
            expect(fifo.takeFirst((item) => item > each.takeFirst)).toBe(at < 0 ? undefined : model.splice(at, 1)[0])
          } else {
            expect(fifo.extract((item) => item > each.extract)).toEqual(model.filter((item) => item > each.extract))
            model = model.filter((item) => item <= each.extract)
          }
          expect([...fifo]).toEqual(model)
          expect(fifo.length).toBe(model.length)
          expect(fifo.peek()).toBe(model[0])
        }
      }),
    )
  })

  it('gives memory back while it is long', () => {
    const fifo = new Fifo<number>()
    for (let i = 0; i < 5_000; i++) fifo.push(i)
    for (let i = 0; i < 4_000; i++) expect(fifo.shift()).toBe(i)
    expect([...fifo]).toHaveLength(1_000)
    fifo.clear()
    expect(fifo.shift()).toBeUndefined()
  })
})
