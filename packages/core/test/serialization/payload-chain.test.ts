import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DurableError } from '../../src/errors/durable-error.js'
import { aes256GcmCodec } from '../../src/serialization/payload-aes.js'
import { PayloadChain } from '../../src/serialization/payload-chain.js'
import type { PayloadCodec } from '../../src/serialization/payload-codec.js'
import { formatEnvelope, isEnvelope, parseEnvelope } from '../../src/serialization/payload-envelope.js'
import { gzipCodec } from '../../src/serialization/payload-gzip.js'

const keys = { k1: randomBytes(32), k2: randomBytes(32) }
const encrypt = aes256GcmCodec({ keys, activeKey: 'k1' })
const chains: Readonly<Record<string, PayloadChain>> = {
  'no codec': new PayloadChain([]),
  gzip: new PayloadChain([gzipCodec({ minBytes: 0 })]),
  aes: new PayloadChain([encrypt]),
  'gzip, aes': new PayloadChain([gzipCodec({ minBytes: 64 }), encrypt]),
  'aes, gzip': new PayloadChain([encrypt, gzipCodec({ minBytes: 0 })]),
}

/** Any text: JSON, lone surrogates, things that look like envelopes. */
const anyText = fc.oneof(
  fc.json(),
  fc.string({ unit: 'binary' }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 }).map((units) => String.fromCharCode(...units)),
  fc.string().map((text) => `dtfx-payload/${text}`),
  fc.base64String().map((text) => `dtfx-payload/1;;${text}`),
  fc.string({ maxLength: 5 }).map((text) => text.repeat(500)),
)

describe.each(Object.entries(chains))('a chain of %s', (_, chain) => {
  it('gives back every text', () => {
    fc.assert(fc.property(anyText, (text) => chain.decode(chain.encode(text)) === text))
  })

  it('gives back its own envelopes as texts', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const once = chain.encode(text)
        expect(chain.decode(chain.encode(once))).toBe(once)
      }),
    )
  })

  it('reads what was stored before there were codecs', () => {
    fc.assert(fc.property(fc.json(), (json) => chain.decode(json) === json))
  })
})

describe('the envelope', () => {
  it('has a fixed form', () => {
    expect(formatEnvelope({ steps: [{ codec: 'gzip', key: undefined }, { codec: 'aes-256-gcm', key: 'k1' }], bytes: Buffer.from('abcd') })).toBe('dtfx-payload/1;gzip,aes-256-gcm/k1;YWJjZA==')
    expect(formatEnvelope({ steps: [], bytes: new Uint8Array() })).toBe('dtfx-payload/1;;')
    expect(parseEnvelope('dtfx-payload/1;gzip,aes-256-gcm/k1;YWJjZA==')).toEqual({
      steps: [
        { codec: 'gzip', key: undefined },
        { codec: 'aes-256-gcm', key: 'k1' },
      ],
      bytes: Buffer.from('abcd'),
    })
  })

  it('reads what format 1 wrote, for ever', () => {
    const stored = `dtfx-payload/1;gzip;${gzipSync('{"a":1}').toString('base64')}`
    expect(new PayloadChain([]).decode(stored)).toBe('{"a":1}')
    expect(new PayloadChain([]).decode('dtfx-payload/1;;ZHRmeC1wYXlsb2FkLw==')).toBe('dtfx-payload/')
    expect(new PayloadChain([]).decode('dtfx-payload/1;utf16;ANg=')).toBe('\ud800')
    const key = Buffer.alloc(32, 1)
    const chain = new PayloadChain([aes256GcmCodec({ keys: { k: key } })])
    expect(chain.decode('dtfx-payload/1;aes-256-gcm/k;Gp7h2gAAAAAAAAAAAAAAAZmy+aXv2ctbZiFR3L51RWlQn36F')).toBe('"hi"')
  })

  it('appears only where a codec applied', () => {
    expect(new PayloadChain([gzipCodec()]).encode('{"small":true}')).toBe('{"small":true}')
    expect(new PayloadChain([gzipCodec()]).encode(`"${'a'.repeat(5000)}"`)).toMatch(/^dtfx-payload\/1;gzip;/)
    expect(chains['gzip, aes']?.encode('1')).toMatch(/^dtfx-payload\/1;aes-256-gcm\/k1;/)
    expect(chains['no codec']?.encode('\ud800')).toBe('\ud800')
  })

  it('never makes a payload larger by compressing it', () => {
    const random = randomBytes(3000).toString('base64')
    const chain = new PayloadChain([gzipCodec({ minBytes: 0 })])
    expect(chain.encode(random).length).toBeLessThanOrEqual(random.length + 32)
    fc.assert(
      fc.property(fc.json(), (json) => {
        expect(Buffer.byteLength(chain.encode(json))).toBeLessThanOrEqual(Buffer.byteLength(json) + 32)
      }),
    )
  })
})

describe('what cannot be read', () => {
  const failure = (stored: string, chain = chains['gzip, aes'] as PayloadChain): DurableError => {
    try {
      chain.decode(stored)
    } catch (error) {
      expect(DurableError.is(error, 'DTFX_PAYLOAD_CODEC')).toBe(true)
      return error as DurableError
    }
    throw new Error('it was read')
  }

  it.each([
    ['a later format', 'dtfx-payload/2;gzip;AAAA', 'configuration', 'reads format 1'],
    ['no header', 'dtfx-payload/1;gzip', 'data', 'no end of its header'],
    ['no Base64', 'dtfx-payload/1;gzip;A*AA', 'data', 'no Base64'],
    ['Base64 that was cut', 'dtfx-payload/1;gzip;AAAAA', 'data', 'no Base64'],
    ['an unreadable step', 'dtfx-payload/1;g zip;AAAA', 'data', 'header is not readable'],
    ['an empty key', 'dtfx-payload/1;gzip/;AAAA', 'data', 'header is not readable'],
    ['an unknown codec', 'dtfx-payload/1;zstd;AAAA', 'configuration', "there is no codec 'zstd'"],
    ['damaged gzip', 'dtfx-payload/1;gzip;AAAA', 'data', 'bytes are damaged'],
    ['an unknown key', 'dtfx-payload/1;aes-256-gcm/k9;AAAA', 'configuration', 'the key is not among: k1, k2'],
    ['no key', 'dtfx-payload/1;aes-256-gcm;AAAA', 'configuration', 'the key is not among'],
    ['a ciphertext that was cut', 'dtfx-payload/1;aes-256-gcm/k1;AAAA', 'data', 'the bytes were cut'],
  ])('%s', (_, stored, fault, problem) => {
    const error = failure(stored)
    expect(error.details['fault']).toBe(fault)
    expect(error.message).toContain(problem)
  })

  it('a key of the same id that is another key', () => {
    const other = new PayloadChain([aes256GcmCodec({ keys: { k1: randomBytes(32) } })])
    const error = failure(other.encode('1'))
    expect(error.details).toMatchObject({ codec: 'aes-256-gcm', key: 'k1', fault: 'configuration' })
    expect(error.message).toContain('another key of this id')
  })

  it('every change of a ciphertext or of the steps around it', () => {
    const chain = new PayloadChain([gzipCodec({ minBytes: 0 }), encrypt])
    const text = JSON.stringify({ a: 'b'.repeat(200) })
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), (position, flip) => {
        const { steps, bytes } = parseEnvelope(chain.encode(text))
        const changed = Buffer.from(bytes)
        const at = position % changed.length
        changed[at] = (changed[at] as number) ^ flip
        failure(formatEnvelope({ steps, bytes: changed }), chain)
      }),
    )
    const { steps, bytes } = parseEnvelope(chain.encode(text))
    expect(failure(formatEnvelope({ steps: steps.slice(1), bytes }), chain).details['fault']).toBe('data')
    expect(failure(formatEnvelope({ steps: [{ codec: 'utf16', key: undefined }, ...steps], bytes }), chain).details['fault']).toBe('data')
    expect(failure(formatEnvelope({ steps, bytes: bytes.subarray(0, -1) }), chain).details['fault']).toBe('data')
  })

  it('a small body that unpacks into all memory', () => {
    const member = gzipSync(Buffer.alloc(1024 * 1024))
    const bomb = Buffer.concat(new Array<Buffer>(3 * 64 + 1).fill(member)).toString('base64')
    expect(failure(`dtfx-payload/1;gzip;${bomb}`).details['fault']).toBe('data')
  })
})

describe('keys', () => {
  it('rotate: the old one reads, the new one writes', () => {
    const before = new PayloadChain([aes256GcmCodec({ keys: { k1: keys.k1 } })])
    const added = new PayloadChain([aes256GcmCodec({ keys, activeKey: 'k1' })])
    const active = new PayloadChain([aes256GcmCodec({ keys, activeKey: 'k2' })])
    const after = new PayloadChain([aes256GcmCodec({ keys: { k2: keys.k2 } })])
    const old = before.encode('"old"')
    expect(added.decode(old)).toBe('"old"')
    expect(active.decode(old)).toBe('"old"')
    const young = active.encode('"new"')
    expect(young).toContain('aes-256-gcm/k2')
    expect(added.decode(young)).toBe('"new"')
    expect(after.decode(young)).toBe('"new"')
    expect(() => after.decode(old)).toThrow('the key is not among: k2')
  })

  it('may only read', () => {
    const readOnly = new PayloadChain([aes256GcmCodec({ keys, activeKey: null })])
    expect(readOnly.encode('1')).toBe('1')
    expect(readOnly.decode((chains['aes'] as PayloadChain).encode('1'))).toBe('1')
  })

  it('are bytes or their Base64, of the URL kind too', () => {
    const key = Buffer.alloc(32, 0xfb)
    const stored = new PayloadChain([aes256GcmCodec({ keys: { k: key } })]).encode('1')
    for (const form of ['base64', 'base64url'] as const) {
      expect(new PayloadChain([aes256GcmCodec({ keys: { k: key.toString(form) } })]).decode(stored)).toBe('1')
    }
  })

  it('need to be told which one writes', () => {
    expect(() => aes256GcmCodec({ keys })).toThrow('activeKey is missing')
    expect(() => aes256GcmCodec({ keys, activeKey: 'k3' })).toThrow("activeKey is 'k3', which is not among keys: k1, k2")
    expect(() => aes256GcmCodec({ keys: { k: new Uint8Array(16) } })).toThrow("key 'k' has 16 bytes; give 32")
  })

  it('never encrypt twice to the same text', () => {
    const chain = chains['aes'] as PayloadChain
    expect(chain.encode('1')).not.toBe(chain.encode('1'))
  })
})

describe('codecs', () => {
  const codec = (id: string): PayloadCodec => ({ id, encode: (bytes) => ({ bytes }), decode: (bytes) => bytes })

  it('are checked', () => {
    expect(() => new PayloadChain([codec('a b')])).toThrow("'a b' is no codec")
    expect(() => new PayloadChain([codec('utf16')])).toThrow("'utf16' is no codec")
    expect(() => new PayloadChain([codec('x'), codec('x')])).toThrow("codec 'x' is given twice")
    expect(() => new PayloadChain([{ id: 'x' } as PayloadCodec])).toThrow("'x' is no codec")
    expect(() => gzipCodec({ minBytes: Number.NaN })).toThrow('minBytes is NaN')
    expect(() => gzipCodec({ level: 0 })).toThrow('level is 0')
  })

  it('of an application are read by their envelope, in any order of configuration', () => {
    const reverse: PayloadCodec = { id: 'reverse', encode: (bytes) => ({ bytes: bytes.toReversed() }), decode: (bytes) => bytes.toReversed() }
    const stored = new PayloadChain([gzipCodec({ minBytes: 0 }), reverse]).encode('"abc"'.repeat(50))
    expect(new PayloadChain([reverse]).decode(stored)).toBe('"abc"'.repeat(50))
  })
})

it('an envelope is recognised by its beginning', () => {
  expect(isEnvelope('dtfx-payload/1;;')).toBe(true)
  expect(isEnvelope('dtfx:patch:x')).toBe(false)
  expect(isEnvelope('"dtfx-payload/"')).toBe(false)
})
