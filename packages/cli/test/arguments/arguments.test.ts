import { describe, expect, it, test } from 'vitest'
import { describeFilter, filterOf, statusArgument, tagArgument } from '../../src/arguments/filter-options.js'
import { jsonObject } from '../../src/arguments/json-argument.js'
import { timeArgument } from '../../src/arguments/time-argument.js'

describe('a time', () => {
  const time = timeArgument(Date.parse('2026-11-29T12:00:00Z'))

  it.each([
    ['2026-11-29', '2026-11-29T00:00:00.000Z'],
    ['2026-11-29T10:30', '2026-11-29T10:30:00.000Z'],
    ['2026-11-29 10:30:15.5', '2026-11-29T10:30:15.500Z'],
    ['2026-11-29T10:30:00+02:00', '2026-11-29T08:30:00.000Z'],
    ['30s', '2026-11-29T11:59:30.000Z'],
    ['1.5h', '2026-11-29T10:30:00.000Z'],
    ['7d', '2026-11-22T12:00:00.000Z'],
  ])('%s is %s', (text, iso) => expect(time(text).toISOString()).toBe(iso))

  it.each(['', 'yesterday', '2026-13-01', '12', '5w', '-3h', '29.11.2026', '99999999999d'])('%j is refused', (text) => expect(() => time(text)).toThrow('Give a time like'))
})

test('statuses in any case, separated or repeated', () => {
  expect(statusArgument('failed,Running')).toEqual(['Failed', 'Running'])
  expect(statusArgument('FAILED', ['Running', 'Failed'])).toEqual(['Running', 'Failed'])
  expect(() => statusArgument('done')).toThrow('Give one or more of Running, Completed')
  expect(() => statusArgument('')).toThrow('Give one or more of')
})

test('tags', () => {
  expect(tagArgument('a=1', { b: '2' })).toEqual({ a: '1', b: '2' })
  expect(tagArgument('a==')).toEqual({ a: '=' })
  expect(() => tagArgument('=x')).toThrow('Give key=value.')
  expect(() => tagArgument('x')).toThrow('Give key=value.')
})

test('an object as JSON', () => {
  expect(jsonObject('{"a":1}')).toEqual({ a: 1 })
  for (const text of ['', '[]', 'null', '"x"', '{"secret"']) expect(() => jsonObject(text)).toThrow('Give a JSON object')
})

test('a filter, and its words', () => {
  expect(filterOf({})).toEqual({})
  expect(filterOf({ roots: true, tag: { a: '1' }, orchestrationVersion: '2' })).toEqual({ parent: null, tags: { a: '1' }, version: '2' })
  expect(describeFilter({})).toBe('')
  expect(describeFilter({ status: ['Failed', 'Running'], name: 'Flow', version: '1', idPrefix: 'o-', tags: { a: '1' }, parent: 'p', createdAfter: new Date(0), completedBefore: new Date(0) })).toBe(
    " with status Failed or Running, name 'Flow', version '1', an id that begins with 'o-', tag a=1, parent 'p', created at or after 1970-01-01 00:00:00.000Z, completed before 1970-01-01 00:00:00.000Z",
  )
  expect(describeFilter({ parent: null })).toBe(' with no parent')
})
