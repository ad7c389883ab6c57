/** Order statistics. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { median, percentile } from '../src/statistics.js'

const someValues = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }), { minLength: 1 })

describe('median', () => {
  it.each([
    [[3], 3],
    [[1, 9, 2], 2],
    [[4, 1, 3, 2], 2.5],
    [[], Number.NaN],
  ])('of %j is %d', (values, expected) => expect(median(values)).toBe(expected))

  it('has as many values below as above, and leaves its input as it is', () => {
    fc.assert(
      fc.property(someValues, (values) => {
        const before = [...values]
        const middle = median(values)
        expect(values).toEqual(before)
        expect(values.filter((value) => value < middle).length).toBeLessThanOrEqual(values.length / 2)
        expect(values.filter((value) => value > middle).length).toBeLessThanOrEqual(values.length / 2)
      }),
    )
  })
})

describe('percentile', () => {
  it.each([
    [0, 1],
    [0.01, 1],
    [0.5, 50],
    [0.99, 99],
    [0.991, 100],
    [1, 100],
  ])('%d of 1 … 100 is %d (nearest rank)', (share, expected) => {
    const values = Array.from({ length: 100 }, (_, i) => 100 - i)
    expect(percentile(values, share)).toBe(expected)
  })

  it('is one of the values, and grows with the share', () => {
    fc.assert(
      fc.property(someValues, fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (values, a, b) => {
        expect(values).toContain(percentile(values, a))
        expect(percentile(values, Math.min(a, b))).toBeLessThanOrEqual(percentile(values, Math.max(a, b)))
      }),
    )
  })

  it('of nothing is NaN', () => expect(percentile([], 0.5)).toBeNaN())
})
