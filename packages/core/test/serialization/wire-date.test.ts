import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareTicks } from '../../src/base/ticks.js'
import { dateFromWire, dateToWire } from '../../src/serialization/wire-date.js'

describe('times on the wire', () => {
  it.each([
    ['2024-05-06T07:08:09.1234567Z', '2024-05-06T07:08:09.1234567Z'],
    ['2024-05-06T07:08:09.1200000Z', '2024-05-06T07:08:09.12Z'],
    ['2024-05-06T07:08:09.0000000Z', '2024-05-06T07:08:09Z'],
    ['2024-05-06T07:08:09.000Z', '2024-05-06T07:08:09Z'],
    ['2024-05-06T07:08:10.010Z', '2024-05-06T07:08:10.01Z'],
    ['2024-05-06T07:08:10Z', '2024-05-06T07:08:10Z'],
  ])('%s is written as %s', (ticks, wire) => expect(dateToWire(ticks)).toBe(wire))

  it.each([
    ['2024-05-06T07:08:09.12Z', '2024-05-06T07:08:09.12Z'],
    ['2024-05-06T07:08:09.12+02:00', '2024-05-06T05:08:09.12Z'],
    ['2024-05-06T07:08:09.1234567+00:00', '2024-05-06T07:08:09.1234567Z'],
    ['2024-05-06T07:08:09', '2024-05-06T07:08:09Z'],
    ['2024-05-06T07:08:09.123456789Z', '2024-05-06T07:08:09.1234567Z'],
    ['yesterday', undefined],
    ['', undefined],
  ])('%s is read as %s', (wire, ticks) => expect(dateFromWire(wire)).toBe(ticks))

  it('is the same time after a trip, and canonical after one', () => {
    const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 0, maxLength: 7 })
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date('9999-01-01'), noInvalidDate: true }), digits, (date, fraction) => {
        const ticks = `${date.toISOString().slice(0, 19)}${fraction === '' ? '' : `.${fraction}`}Z`
        const wire = dateToWire(ticks)
        expect(wire).not.toMatch(/\.(\d*0)?Z$/)
        const read = dateFromWire(wire) as string
        expect(compareTicks(read, ticks)).toBe(0)
        expect(dateToWire(read)).toBe(wire)
      }),
    )
  })
})
