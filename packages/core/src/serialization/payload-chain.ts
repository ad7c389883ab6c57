/**
 * The chain of codecs between the text of a payload and the text that is stored.
 *
 * Invariants:
 * 1. `decode(encode(text)) === text` for every text, well-formed Unicode or not, whether it looks like an envelope or not.
 * 2. Text without an envelope is returned as it is: data from before codecs were configured stays readable.
 * 3. Reading follows the envelope, not the order of the configuration; gzip needs no key and is always readable.
 * 4. Everything is synchronous, and decoding throws nothing but DTFX_PAYLOAD_CODEC.
 */
import { dtfxError, DurableError } from '../errors/durable-error.js'
import { codecError, envelopeHeader, formatEnvelope, isEnvelope, isEnvelopeId, parseEnvelope, type EnvelopeStep } from './payload-envelope.js'
import type { PayloadCodec } from './payload-codec.js'
import { gzipCodec } from './payload-gzip.js'

const utf16: EnvelopeStep = { codec: 'utf16', key: undefined }
const loneSurrogate = /\p{Surrogate}/u

export class PayloadChain {
  readonly #codecs: readonly PayloadCodec[]
  readonly #byId: ReadonlyMap<string, PayloadCodec>

  /** `codecs` in the order of writing. @throws DTFX_INVALID_OPTION */
  constructor(codecs: readonly PayloadCodec[]) {
    const byId = new Map<string, PayloadCodec>()
    for (const codec of codecs) {
      const { id } = codec
      if (!isEnvelopeId(id) || id === utf16.codec || typeof codec.encode !== 'function' || typeof codec.decode !== 'function') {
        refuse(`'${String(id)}' is no codec: it needs an id of letters, digits, dots and dashes, encode() and decode()`)
      }
      if (byId.has(id)) refuse(`codec '${id}' is given twice`)
      byId.set(id, codec)
    }
    const gzip = gzipCodec()
    if (!byId.has(gzip.id)) byId.set(gzip.id, gzip)
    this.#codecs = codecs
    this.#byId = byId
  }

  /** What is stored for `text`: an envelope, or the text itself where no codec applies. */
  encode(text: string): string {
    const wide = loneSurrogate.test(text)
    const steps: EnvelopeStep[] = wide ? [utf16] : []
    const unchanged = steps.length
    let bytes: Uint8Array = Buffer.from(text, wide ? 'utf16le' : 'utf8')
    for (const codec of this.#codecs) {
      const encoded = codec.encode(bytes, envelopeHeader(steps))
      if (encoded === undefined) continue
      bytes = encoded.bytes
      steps.push({ codec: codec.id, key: encoded.key })
    }
    return steps.length === unchanged && !isEnvelope(text) ? text : formatEnvelope({ steps, bytes })
  }

  /** @throws DTFX_PAYLOAD_CODEC */
  decode(stored: string): string {
    if (!isEnvelope(stored)) return stored
    const { steps, bytes } = parseEnvelope(stored)
    const wide = steps[0]?.codec === utf16.codec
    let plain = bytes
    for (let i = steps.length - 1; i >= (wide ? 1 : 0); i--) plain = this.#undo(steps, i, plain)
    return Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength).toString(wide ? 'utf16le' : 'utf8')
  }

  #undo(steps: readonly EnvelopeStep[], index: number, bytes: Uint8Array): Uint8Array {
    const { codec: id, key } = steps[index] as EnvelopeStep
    const codec = this.#byId.get(id)
    if (codec === undefined) throw codecError({ codec: id, key, problem: `there is no codec '${id}'`, fault: 'configuration' })
    try {
      return codec.decode(bytes, key, envelopeHeader(steps.slice(0, index)))
    } catch (error) {
      if (DurableError.is(error, 'DTFX_PAYLOAD_CODEC')) throw error
      throw codecError({ codec: id, key, problem: `the bytes are damaged (${error instanceof Error ? error.message : String(error)})`, fault: 'data' }, error)
    }
  }
}

function refuse(problem: string): never {
  throw dtfxError('DTFX_INVALID_OPTION', { what: 'payloads.codecs', problem })
}
