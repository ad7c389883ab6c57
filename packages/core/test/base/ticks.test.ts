import { describe, expect, it } from 'vitest'
import { dueMsFromTicks } from '../../src/base/ticks.js'

describe('dueMsFromTicks', () => {
  it('is never early: a part of a millisecond counts as a whole one', () => {
    const ms = Date.parse('2030-01-01T00:00:00.000Z')
    expect(dueMsFromTicks('2030-01-01T00:00:00.000Z')).toBe(ms)
    expect(dueMsFromTicks('2030-01-01T00:00:00Z')).toBe(ms)
    expect(dueMsFromTicks('2030-01-01T00:00:00.0010000Z')).toBe(ms + 1)
    expect(dueMsFromTicks('2030-01-01T00:00:00.0010001Z')).toBe(ms + 2)
  })
})
