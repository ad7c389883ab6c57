/** Every rule of docs/concepts/payloads.md for values of the default converter. */
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { jsonConverter, type DurableError } from '../../src/index.js'
import { limits } from '../../src/base/limits.js'

const trip = (value: unknown): unknown => jsonConverter.decode(jsonConverter.encode(value, 'it'), 'it')
const refusal = (value: unknown): DurableError => {
  try {
    jsonConverter.encode(value, 'the input')
  } catch (error) {
    return error as DurableError
  }
  throw new Error('accepted')
}

describe('values that come back as they are', () => {
  it.each([0, '', false, null, -0.5, 'text', true, [], {}, [[]], { a: [1, { b: null }] }, 'x'.repeat(1_000_000), '\u0000\u2028😀\ud800'])('%j', (value) => {
    expect(trip(value)).toStrictEqual(value)
  })

  it('undefined, as the absence of a payload', () => {
    expect(jsonConverter.encode(undefined, 'it')).toBeUndefined()
    expect(trip(undefined)).toBeUndefined()
  })

  it('objects of another realm and without a prototype', () => {
    expect(trip(runInNewContext('({ a: [1] })'))).toStrictEqual({ a: [1] })
    expect(trip(Object.assign(Object.create(null), { a: 1 }))).toStrictEqual({ a: 1 })
  })

  it('the same object twice is no circle', () => {
    const shared = { n: 1 }
    expect(trip([shared, { shared }])).toStrictEqual([{ n: 1 }, { shared: { n: 1 } }])
  })
})

describe('values that come back as something else', () => {
  it('a Date, and anything with toJSON, as its JSON text', () => {
    const date = new Date('2030-01-01T00:00:00.5Z')
    expect(trip(date)).toBe('2030-01-01T00:00:00.500Z')
    expect(trip({ at: [date], money: { toJSON: () => ({ cents: 5 }) } })).toStrictEqual({ at: ['2030-01-01T00:00:00.500Z'], money: { cents: 5 } })
  })

  it('undefined members are left out', () => expect(trip({ a: undefined, b: 1 })).toStrictEqual({ b: 1 }))
})

describe('values that are refused, with the path inside', () => {
  const circular: Record<string, unknown> = { list: [] }
  ;(circular['list'] as unknown[]).push({ up: circular })
  class Money {
    cents = 5
  }
  it.each<[string, unknown, string, string]>([
    ['Map', { a: [1, new Map()] }, '$.a[1]', 'a Map instance'],
    ['Set', new Set([1]), '$', 'a Set instance'],
    ['BigInt', { order: { total: 1n } }, '$.order.total', 'a bigint'],
    ['a circle', circular, '$.list[0].up', 'a circular reference'],
    ['NaN', [Number.NaN], '$[0]', 'NaN'],
    ['Infinity', { x: -Infinity }, '$.x', '-Infinity'],
    ['a function', { f: () => 1 }, '$.f', 'a function'],
    ['a symbol', [[Symbol('s')]], '$[0][0]', 'a symbol'],
    ['an undefined element', [1, undefined], '$[1]', 'undefined'],
    ['a class instance', { m: new Money() }, '$.m', 'a Money instance'],
    ['an invalid Date', { d: new Date(Number.NaN) }, '$.d', 'an invalid Date'],
    ['a circle through toJSON', { t: { toJSON: () => ({ deep: 1n }) } }, '$.t.deep', 'a bigint'],
  ])('%s', (_, value, path, problem) => {
    const error = refusal(value)
    expect(error).toMatchObject({ code: 'DTFX_NOT_SERIALIZABLE', details: { what: 'the input', path } })
    expect(error.message).toContain(problem)
    expect(error.message).toContain(`at ${path}.`)
  })

  it('more characters than the limit', () => {
    expect(refusal('x'.repeat(limits.maxPayloadLength))).toMatchObject({ code: 'DTFX_PAYLOAD_TOO_LARGE', details: { limit: limits.maxPayloadLength } })
  })
})

it('text that is no JSON is a coded error', () => {
  expect(() => jsonConverter.decode('{not json', 'the input of an activity')).toThrow(expect.objectContaining({ code: 'DTFX_PAYLOAD_UNREADABLE' }))
})
