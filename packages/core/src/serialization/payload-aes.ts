/**
 * The codec `aes-256-gcm`: encrypts, and detects every change of the ciphertext and of the envelope around it. Several keys are readable, one writes: rotation.
 * Body: key check (4 bytes), nonce (12), ciphertext, tag (16).
 *
 * - The nonce is random: change the active key before some 2³² payloads were written with it (NIST SP 800-38D).
 * - The key check is a digest of the key: a key that was configured under a wrong id is told apart from damaged data.
 * - Rotation: add the new key everywhere, then make it active everywhere, then drop the old one once nothing is stored with it.
 * - Not covered: ids, names, tags, versions, times; and a writer to the store can still put plain text in place of a ciphertext, because plain payloads stay readable.
 */
import nodeCrypto from 'node:crypto'
import { dtfxError, type DurableError } from '../errors/durable-error.js'
import type { PayloadCodec } from './payload-codec.js'
import { codecError, isEnvelopeId } from './payload-envelope.js'

export interface Aes256GcmOptions {
  /** Key id → 32 bytes, or their Base64. The id goes into the envelope in clear. */
  readonly keys: Readonly<Record<string, Uint8Array | string>>
  /** Id of the key that writes. May be left out when there is one key; null: only read. */
  readonly activeKey?: string | null | undefined
}

interface Key {
  readonly secret: nodeCrypto.KeyObject
  readonly check: Buffer
}

const codecId = 'aes-256-gcm'
const checkBytes = 4
const nonceBytes = 12
const tagBytes = 16
// Captured before orchestrations patch the module's functions (see base/random.ts).
const { createCipheriv, createDecipheriv, createHash, createSecretKey, randomBytes } = nodeCrypto

/** @throws DTFX_INVALID_OPTION that names the key id, never the key */
export function aes256GcmCodec(options: Aes256GcmOptions): PayloadCodec {
  const keys = readKeys(options.keys)
  const active = activeKeyOf(options, keys)
  return {
    id: codecId,
    encrypts: true,
    encode(bytes, header) {
      if (active === undefined) return undefined
      const { secret, check } = keys.get(active) as Key
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv(codecId, secret, nonce).setAAD(authenticated(header, active))
      return { key: active, bytes: Buffer.concat([check, nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]) }
    },
    decode(bytes, keyId, header) {
      const key = keyId === undefined ? undefined : keys.get(keyId)
      if (keyId === undefined || key === undefined) throw problemWith(keyId, `the key is not among: ${[...keys.keys()].join(', ')}`, 'configuration')
      if (bytes.byteLength < checkBytes + nonceBytes + tagBytes) throw problemWith(keyId, 'the bytes were cut', 'data')
      if (!key.check.equals(bytes.subarray(0, checkBytes))) throw problemWith(keyId, 'it was written with another key of this id', 'configuration')
      const end = bytes.byteLength - tagBytes
      const nonce = bytes.subarray(checkBytes, checkBytes + nonceBytes)
      const decipher = createDecipheriv(codecId, key.secret, nonce, { authTagLength: tagBytes }).setAAD(authenticated(header, keyId)).setAuthTag(bytes.subarray(end))
      return Buffer.concat([decipher.update(bytes.subarray(checkBytes + nonceBytes, end)), decipher.final()])
    },
  }
}

function problemWith(key: string | undefined, problem: string, fault: 'configuration' | 'data'): DurableError {
  return codecError({ codec: codecId, key, problem, fault })
}

function authenticated(header: string, keyId: string): Buffer {
  return Buffer.from(`${header}${codecId}/${keyId}`, 'utf8')
}

function readKeys(given: unknown): Map<string, Key> {
  if (typeof given !== 'object' || given === null || Array.isArray(given) || Object.keys(given).length === 0) {
    refuse('keys is not an object of at least one key id and its key')
  }
  const keys = new Map<string, Key>()
  for (const [id, value] of Object.entries(given as Record<string, unknown>)) {
    if (!isEnvelopeId(id)) refuse(`key id '${id}' is not valid: use 1 to 64 letters, digits, dots, dashes and underscores`)
    const bytes = keyBytes(id, value)
    const check = createHash('sha256').update('dtfx key check\0').update(bytes).digest().subarray(0, checkBytes)
    keys.set(id, { secret: createSecretKey(bytes), check })
  }
  return keys
}

function keyBytes(id: string, value: unknown): Uint8Array {
  const isText = typeof value === 'string'
  if (isText && (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(value) || value.length < 43)) refuse(`key '${id}' is not Base64 of 32 bytes`)
  const bytes = isText ? Buffer.from(value, 'base64') : value
  if (!(bytes instanceof Uint8Array)) refuse(`key '${id}' is neither bytes nor Base64`)
  if (bytes.byteLength !== 32) refuse(`key '${id}' has ${bytes.byteLength} bytes; give 32`)
  return bytes
}

function activeKeyOf({ activeKey }: Aes256GcmOptions, keys: ReadonlyMap<string, Key>): string | undefined {
  if (activeKey === null) return undefined
  if (activeKey === undefined) {
    const [only, ...others] = keys.keys()
    if (others.length > 0) refuse('activeKey is missing: say which key writes')
    return only
  }
  if (!keys.has(activeKey)) refuse(`activeKey is '${String(activeKey)}', which is not among keys: ${[...keys.keys()].join(', ')}`)
  return activeKey
}

function refuse(problem: string): never {
  throw dtfxError('DTFX_INVALID_OPTION', { what: 'aes-256-gcm codec', problem })
}
