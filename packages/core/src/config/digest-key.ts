/** The key of ids that follow from payloads. Without it, who can read the store could try inputs until an id fits. */
import { dtfxError } from '../errors/durable-error.js'
import type { PayloadCodec } from '../serialization/payload-codec.js'

const digestKeyBytes = 32

/** @throws DTFX_INVALID_OPTION */
export function checkDigestKey(given: unknown, codecs: readonly PayloadCodec[]): Uint8Array | undefined {
  const encrypting = codecs.find(({ encrypts }) => encrypts === true)
  if (given === undefined) {
    if (encrypting !== undefined) refuse(`digestKey is missing: codec '${encrypting.id}' encrypts. Give ${digestKeyBytes} random bytes, or their Base64, that never change`)
    return undefined
  }
  const key = typeof given === 'string' ? Buffer.from(given, 'base64') : given
  if (!(key instanceof Uint8Array)) refuse('digestKey is neither bytes nor Base64')
  if (key.byteLength !== digestKeyBytes) refuse(`digestKey has ${key.byteLength} bytes; give ${digestKeyBytes}`)
  return key
}

function refuse(problem: string): never {
  throw dtfxError('DTFX_INVALID_OPTION', { what: 'payloads', problem })
}
