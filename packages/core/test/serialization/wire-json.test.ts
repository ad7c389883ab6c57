import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseWire, setMember, wireText } from '../../src/serialization/wire-json.js'

describe('JSON text as .NET writes it', () => {
  it('escapes what Newtonsoft escapes and nothing else', () => {
    const value = '\u0000\u001f\b\t\n\f\r"\\/\u007f\u0085\u00a0é\u2028\u2029😀'
    expect(wireText(value)).toBe('"\\u0000\\u001f\\b\\t\\n\\f\\r\\"\\\\/\u007f\\u0085\u00a0é\\u2028\\u2029😀"')
  })

  it('escapes in names as well', () => expect(wireText({ 'a\u2028': 1 })).toBe('{"a\\u2028":1}'))

  it('comes back as it was', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        deepStrictEqual(parseWire(wireText(value), 'value'), JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  it('keeps integers beyond 2^53 as bigint, other numbers as numbers', () => {
    const text = '{"a":9223372036854775807,"b":-9007199254740993,"c":9007199254740991,"d":1.5,"e":1e300,"f":"9223372036854775807","g":0.12345678901234567}'
    const read = parseWire(text, 'value')
    expect(read).toStrictEqual({ a: 9223372036854775807n, b: -9007199254740993n, c: 9007199254740991, d: 1.5, e: 1e300, f: '9223372036854775807', g: 0.12345678901234567 })
    expect(wireText({ a: 9223372036854775807n, b: [-9007199254740993n] })).toBe('{"a":9223372036854775807,"b":[-9007199254740993]}')
  })

  it('passes on why a value cannot be written', () => {
    const circular: Record<string, unknown> = {}
    circular['self'] = circular
    expect(() => wireText(circular)).toThrow(TypeError)
    expect(() => wireText({ toJSON: () => { throw new RangeError('no') } })).toThrow(RangeError)
  })

  it('sets a member named __proto__ as a member', () => {
    const target: Record<string, unknown> = {}
    setMember(target, '__proto__', { polluted: true })
    expect(Object.keys(target)).toStrictEqual(['__proto__'])
    expect('polluted' in target).toBe(false)
  })
})
