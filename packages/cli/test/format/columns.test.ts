import { expect, test } from 'vitest'
import { Columns } from '../../src/format/columns.js'
import { paintFor } from '../../src/format/paint.js'

const heads = [{ head: 'ID' }, { head: 'TOOK', align: 'right' as const }, { head: 'NOTE' }]

test('columns are as wide as what they hold, and nothing trails', () => {
  const columns = new Columns(heads, paintFor(false), undefined)
  expect(
    columns.lines([
      ['order-7', '2 s', 'fine'],
      ['漢', '', ''],
    ]),
  ).toBe('ID       TOOK  NOTE\norder-7   2 s  fine\n漢\n')
})

test('later blocks have no head, and are never narrower', () => {
  const columns = new Columns(heads, paintFor(false), undefined)
  columns.lines([['order-7', '', '']])
  expect(columns.lines([['a', '1 s', 'b']])).toBe('a         1 s  b\n')
  expect(columns.lines([['order-10000', '1 s', 'b']])).toBe('order-10000   1 s  b\n')
})

test('the last column is cut to the terminal, no other', () => {
  const columns = new Columns(heads, paintFor(false), 40)
  expect(columns.lines([['order-7', '2 s', 'a note that is far too long']])).toBe('ID       TOOK  NOTE\norder-7   2 s  a note that is far too l…\n')
  const narrow = new Columns(heads, paintFor(false), 20)
  expect(narrow.lines([['order-7', '2 s', 'a note that is far too long']])).toContain('a note that is far too long\n')
})

test('colours take no room', () => {
  const columns = new Columns(heads, paintFor(true), undefined)
  const { bad } = paintFor(true)
  expect(columns.lines([[{ text: 'x', style: bad }, '1 s', { text: 'y', style: bad }]])).toBe('\u001b[1mID\u001b[22m  \u001b[1mTOOK\u001b[22m  \u001b[1mNOTE\u001b[22m\n\u001b[31mx\u001b[39m    1 s  \u001b[31my\u001b[39m\n')
})
