import fc from 'fast-check'
import { expect, it, test } from 'vitest'
import { cutToWidth, printable, printableLines, widthOf } from '../../src/format/printable.js'

test.each([
  ['a\nb\tc', 'a b c'],
  ['\u001b[2Jgone', '\ufffd[2Jgone'],
  ['\u009bm', '\ufffdm'],
  ['a\u202eb', 'a\ufffdb'],
  ['é 漢 👩‍🚀', 'é 漢 👩‍🚀'],
])('%j is shown as %j', (text, shown) => expect(printable(text)).toBe(shown))

test('lines stay lines', () => expect(printableLines('a\r\nb\u0007')).toEqual(['a', 'b\ufffd']))

test.each([
  ['abcdef', 6, 'abcdef'],
  ['abcdef', 4, 'abc…'],
  ['漢漢漢', 6, '漢漢漢'],
  ['漢漢漢', 5, '漢漢…'],
  ['漢漢漢', 4, '漢…'],
  ['abc', 1, '…'],
  ['abc', 0, ''],
])('%s in %d columns is %s', (text, width, cut) => expect(cutToWidth(text, width)).toBe(cut))

it('is never wider than asked for', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 0, max: 30 }), (text, width) => {
      expect(widthOf(cutToWidth(printable(text), width))).toBeLessThanOrEqual(width)
    }),
  )
})
