import { expect, test } from 'vitest'
import { payloadText, textOfPayload } from '../../src/format/payload-text.js'

test('a payload is one line', () => {
  expect(payloadText({ a: [1, 'x'] }, false)).toBe('{"a":[1,"x"]}')
  expect(payloadText(undefined, false)).toBe('undefined')
  expect(payloadText(null, false)).toBe('null')
})

test('a long one is cut, with a word on how to see it', () => {
  expect(payloadText('x'.repeat(5_000), false)).toBe(`"${'x'.repeat(299)}… (5,002 characters; --full shows all)`)
  expect(textOfPayload('abcdef', false, 3)).toBe('abc… (6 characters; --full shows all)')
  expect(textOfPayload('abc', false, 3)).toBe('abc')
})

test('in full it is indented', () => expect(payloadText({ a: 1 }, true)).toBe('{\n  "a": 1\n}'))
