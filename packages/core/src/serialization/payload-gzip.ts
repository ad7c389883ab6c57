/**
 * The codec `gzip`. Leaves small payloads alone, and those that would not get a quarter smaller: the Base64 of the envelope takes that back.
 * Bounded on reading: a small body cannot unpack into all memory.
 */
import { gunzipSync, gzipSync } from 'node:zlib'
import { limits } from '../base/limits.js'
import { dtfxError } from '../errors/durable-error.js'
import type { PayloadCodec } from './payload-codec.js'

export interface GzipOptions {
  /** Payloads below this many bytes are left alone. @default 1024 */
  readonly minBytes?: number | undefined
  /** 1 (fast) to 9 (small). @default 6 */
  readonly level?: number | undefined
}

/** UTF-8 takes at most three bytes for a UTF-16 code unit. */
const maxOutputLength = limits.maxPayloadLength * 3

/** @throws DTFX_INVALID_OPTION */
export function gzipCodec({ minBytes = 1024, level = 6 }: GzipOptions = {}): PayloadCodec {
  if (typeof minBytes !== 'number' || !(minBytes >= 0)) refuse(`minBytes is ${String(minBytes)}; give a number ≥ 0`)
  if (!Number.isInteger(level) || level < 1 || level > 9) refuse(`level is ${String(level)}; give 1 to 9`)
  return {
    id: 'gzip',
    encode(bytes) {
      if (bytes.byteLength < minBytes) return undefined
      const packed = gzipSync(bytes, { level })
      return packed.byteLength * 4 < bytes.byteLength * 3 ? { bytes: packed } : undefined
    },
    decode: (bytes) => gunzipSync(bytes, { maxOutputLength }),
  }
}

function refuse(problem: string): never {
  throw dtfxError('DTFX_INVALID_OPTION', { what: 'gzip codec', problem })
}
