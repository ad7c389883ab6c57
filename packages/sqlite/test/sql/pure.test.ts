/** The pure parts: order of texts and of times, and columns that give back what they were given. */
import { compareTicks, ticksFromMs } from '@dtfx/core/provider'
import fc from 'fast-check'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { prefixEnd } from '../../src/sql/prefix-end.js'
import { sortableTicks } from '../../src/sql/sortable-ticks.js'
import { columnOf, textOf } from '../../src/sql/text-column.js'

const wellFormed = fc.string({ unit: 'binary', maxLength: 6 })
const codeUnits = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 6 }).map((units) => String.fromCharCode(...units))
const ticks = fc.tuple(fc.integer({ min: 0, max: 4_102_444_800_000 }), fc.integer({ min: 0, max: 9_999 }), fc.integer({ min: 0, max: 7 })).map(([ms, below, digits]) => {
  const text = `${ticksFromMs(ms).slice(0, -1)}${String(below).padStart(4, '0')}`
  const cut = text.slice(0, text.length - 7 + digits)
  return `${cut.endsWith('.') ? cut.slice(0, -1) : cut}Z`
})

/** In the order of SQLite. */
function compareUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

describe('prefixEnd', () => {
  test('a text is below it exactly if it begins with the prefix, or comes before it', () => {
    fc.assert(fc.property(wellFormed, wellFormed, (prefix, text) => {
      const end = prefixEnd(prefix)
      const isInRange = compareUtf8(text, prefix) >= 0 && (end === undefined || compareUtf8(text, end) < 0)
      expect(isInRange).toBe(text.startsWith(prefix))
      expect(`${prefix}${text}` >= prefix && (end === undefined || compareUtf8(`${prefix}${text}`, end) < 0)).toBe(true)
    }))
  })
  test.each([['a', 'b'], ['az', 'a{'], ['a\u{10ffff}', 'b'], ['\u{10ffff}', undefined], ['\ud7ff', '\ue000']])('of %j is %j', (prefix, end) => {
    expect(prefixEnd(prefix)).toBe(end)
  })
})

describe('sortableTicks', () => {
  test('has the order of the times', () => {
    fc.assert(fc.property(ticks, ticks, (a, b) => {
      expect(Math.sign(compareUtf8(sortableTicks(a), sortableTicks(b)))).toBe(Math.sign(compareTicks(a, b)))
    }))
  })
})

describe('a text column', () => {
  test('gives back every text, also through SQLite', () => {
    const database = new DatabaseSync(':memory:')
    const echo = database.prepare('SELECT ? AS it')
    fc.assert(fc.property(codeUnits, (text) => {
      const stored = echo.get(columnOf(text))?.['it'] as string | Uint8Array
      expect(textOf(stored)).toBe(text)
    }))
    database.close()
  })
  test('has nothing for nothing', () => {
    expect([columnOf(undefined), textOf(null)]).toEqual([null, undefined])
  })
})
