/** Ids and seeded sequences. */
import { describe, expect, it } from 'vitest'
import { seededRandom, systemRandom } from '../../src/base/random.js'

describe('systemRandom', () => {
  it('draws ids of 32 lower-case hexadecimal digits, never one twice', () => {
    const ids = Array.from({ length: 2_000 }, () => systemRandom.id())
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/)
    expect(new Set(ids).size).toBe(ids.length)
  })
})

describe('seededRandom', () => {
  it('repeats its sequence', () => {
    const draw = (seed: number) => {
      const random = seededRandom(seed)
      return [random.next(), random.id(), random.next()]
    }
    expect(draw(7)).toEqual(draw(7))
    expect(draw(7)).not.toEqual(draw(8))
    expect(draw(7)[1]).toMatch(/^[0-9a-f]{32}$/)
  })
})
