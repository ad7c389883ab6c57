import fc from 'fast-check'
import { expect, it, test } from 'vitest'
import { ageText, durationText, relativeText, shortTimeText, timeText } from '../../src/format/duration-text.js'

test.each([
  [0, '0 ms'],
  [999.4, '999 ms'],
  [999.5, '1.0 s'],
  [1_234, '1.2 s'],
  [59_949, '59.9 s'],
  [59_950, '1 min'],
  [125_000, '2 min 5 s'],
  [3_599_400, '59 min 59 s'],
  [3_599_600, '1 h'],
  [11_040_000, '3 h 4 min'],
  [86_399_000, '1 d'],
  [183_600_000, '2 d 3 h'],
  [-1_500, '-1.5 s'],
])('a duration of %d ms is %s', (ms, text) => expect(durationText(ms)).toBe(text))

it('never shows a part that is a whole of the next unit', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10 ** 10 }), (ms) => {
      const text = durationText(ms)
      expect(text).not.toMatch(/\b60 (s|min)\b|\b60\.0 s|\b24 h|\b1000 ms/)
    }),
  )
})

test.each([
  [0, '0s'],
  [-5, '0s'],
  [59_999, '59s'],
  [60_000, '1m'],
  [7_200_000, '2h'],
  [4 * 86_400_000, '4d'],
])('an age of %d ms is %s', (ms, text) => expect(ageText(ms)).toBe(text))

test('times are UTC, exact and relative', () => {
  const time = new Date('2026-11-29T02:22:38.123Z')
  expect(timeText(time)).toBe('2026-11-29 02:22:38.123Z')
  expect(shortTimeText(time)).toBe('2026-11-29 02:22:38')
  expect(relativeText(0, 999)).toBe('now')
  expect(relativeText(0, 180_000)).toBe('3m ago')
  expect(relativeText(7_200_000, 0)).toBe('in 2h')
})
