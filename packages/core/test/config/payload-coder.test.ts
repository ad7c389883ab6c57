import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EncodedStates } from '../../src/config/encoded-states.js'
import { PayloadCoder } from '../../src/config/payload-coder.js'
import type { InstanceState } from '../../src/model/instance.js'
import { aes256GcmCodec } from '../../src/serialization/payload-aes.js'
import { PayloadChain } from '../../src/serialization/payload-chain.js'
import { gzipCodec } from '../../src/serialization/payload-gzip.js'
import type { PayloadMap } from '../../src/serialization/payload-members.js'

const key = randomBytes(32)
const coderOf = (keys: Record<string, Uint8Array>, id = 'mark') => new PayloadCoder(new PayloadChain([gzipCodec({ minBytes: 200 }), aes256GcmCodec({ keys })]), id)
const at = { eventId: 0, timestamp: '2030-01-01T00:00:00Z' }
const stateOf = (more: Partial<InstanceState>): InstanceState => ({ instanceId: 'i', executionId: 'e', name: 'n', status: 'Running', generation: 0, createdAt: at.timestamp, lastUpdatedAt: at.timestamp, ...more })

const jsonObject = fc.dictionary(fc.string(), fc.jsonValue())

describe('PayloadCoder', () => {
  it('gives back events with failures of any depth and any properties', () => {
    const failure = fc.letrec((tie) => ({
      failure: fc.record({ errorType: fc.string(), errorMessage: fc.string({ unit: 'binary' }), stackTrace: fc.string(), isNonRetriable: fc.boolean(), properties: jsonObject, innerFailure: fc.option(tie('failure'), { nil: undefined, maxDepth: 3 }) }),
    })).failure
    const coder = coderOf({ k: key })
    fc.assert(
      fc.property(fc.string(), failure, (reason, details) => {
        const event = { ...at, type: 'TaskFailed', taskScheduledId: 0, reason, failure: details as never } as const
        const stored = coder.encodeEvent(event)
        expect(stored.reason).toMatch(/^dtfx-payload\/1;/)
        const { value, problem } = coder.openEvents([stored])
        expect(problem).toBeUndefined()
        expect(JSON.parse(JSON.stringify(value[0]))).toEqual(JSON.parse(JSON.stringify(event)))
      }),
    )
  })

  it('hides everything of the properties of a failure', () => {
    const failure = { errorType: 'E', errorMessage: 'SECRET', isNonRetriable: false, properties: { code: 'SECRET', errors: [{ errorMessage: 'SECRET' }] } }
    expect(JSON.stringify(coderOf({ k: key }).encodeState(stateOf({ failure })))).not.toContain('SECRET')
  })

  it('keeps properties that look like encoded ones', () => {
    const plain = new PayloadCoder(new PayloadChain([gzipCodec()]), 'm')
    for (const properties of [{ 'dtfx-payload': 'x' }, { 'dtfx-payload': '{"a":1}' }, { 'dtfx-payload': 5, b: 1 }, { 'dtfx-payload': 'dtfx-payload/1;;AAAA' }]) {
      const event = { ...at, type: 'TaskFailed', taskScheduledId: 0, failure: { errorType: 'E', errorMessage: 'm', isNonRetriable: false, properties } } as const
      expect(plain.openEvents([plain.encodeEvent(event)]).value[0]).toEqual(event)
    }
  })

  it('turns what it cannot read into a stand-in, and that into exactly what was stored', () => {
    const writer = coderOf({ k2: key })
    const reader = coderOf({ k1: key })
    const failure = { errorType: 'E', errorMessage: 'm', isNonRetriable: false, properties: { code: 'x' } }
    const stored = writer.encodeState(stateOf({ input: '{"a":1}', output: '"o"', customStatus: '1', failure }))
    const opened = reader.openState(stored)
    expect(opened).not.toEqual(stored)
    expect(reader.encodeState(opened)).toEqual(stored)
    expect(opened.input).toContain('the key is not among: k1')
    expect(() => reader.converter().decode(opened.input, 'input')).toThrow('Payload was written with codec aes-256-gcm, key k2')
    expect(reader.converter().decode('{"a":1}', 'input')).toEqual({ a: 1 })
  })

  it('never takes the text of a user for a stand-in', () => {
    const writer = coderOf({ k2: key }, 'first')
    const reader = coderOf({ k1: key }, 'first')
    const standIn = reader.openState(writer.encodeState(stateOf({ input: '1' }))).input as string
    const other = coderOf({ k1: key }, 'second')
    const stored = other.encodeState(stateOf({ input: standIn }))
    expect(stored.input).toMatch(/^dtfx-payload\/1;.*aes-256-gcm\/k1;/)
    expect(other.openState(stored).input).toBe(standIn)
  })

  it('reports damaged data before a missing key', () => {
    const reader = coderOf({ k1: key })
    const missing = coderOf({ k2: key }).encodeEvent({ ...at, type: 'EventRaised', name: 'n', input: '1' })
    const damaged = { ...missing, input: 'dtfx-payload/1;gzip;AAAA' }
    expect(reader.openEvents([missing]).problem?.details['fault']).toBe('configuration')
    expect(reader.openEvents([missing, damaged]).problem?.details['fault']).toBe('data')
    expect(reader.openEvents([damaged, missing]).problem?.details['fault']).toBe('data')
  })
})

describe('EncodedStates', () => {
  const counting = () => {
    const encoded: string[] = []
    const map: PayloadMap = { text: (text) => (encoded.push(text), `${encoded.length}:${text.length}`), properties: (properties) => properties }
    return { encoded, map }
  }
  const long = 'x'.repeat(2000)

  it('encodes an input that does not change once', () => {
    const { encoded, map } = counting()
    const states = new EncodedStates()
    const first = states.encode(stateOf({ input: long, customStatus: '1' }), map)
    const second = states.encode(stateOf({ input: long, customStatus: '2' }), map)
    expect(second.input).toBe(first.input)
    expect(encoded.filter((each) => each === long).length).toBe(1)
    states.encode(stateOf({ input: `${long}y` }), map)
    expect(encoded.at(-1)).toBe(`${long}y`)
  })

  it('never shares between instances, and forgets finished ones', () => {
    const { encoded, map } = counting()
    const states = new EncodedStates()
    states.encode(stateOf({ input: long }), map)
    states.encode(stateOf({ instanceId: 'j', input: long }), map)
    expect(encoded.length).toBe(2)
    states.encode(stateOf({ input: long, completedAt: at.timestamp }), map)
    expect(encoded.length).toBe(2)
    states.encode(stateOf({ input: long }), map)
    expect(encoded.length).toBe(3)
  })

  it('is bounded: the oldest leave first', () => {
    const { encoded, map } = counting()
    const states = new EncodedStates(5000)
    for (const instanceId of ['a', 'b', 'c']) states.encode(stateOf({ instanceId, input: long }), map)
    states.encode(stateOf({ instanceId: 'c', input: long }), map)
    expect(encoded.length).toBe(3)
    states.encode(stateOf({ instanceId: 'a', input: long }), map)
    expect(encoded.length).toBe(4)
  })
})
