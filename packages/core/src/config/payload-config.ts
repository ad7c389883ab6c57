/**
 * The part `payloads` of a configuration: converter and codecs, given as objects (in code and in `.mjs` files) or described as JSON.
 *
 *     { "codecs": ["gzip", { "codec": "aes-256-gcm", "keys": { "k1": "$env:DTFX_KEY_1" }, "activeKey": "k1" }], "digestKey": "$env:DTFX_DIGEST_KEY" }
 */
import { didYouMean } from '../base/nearest-name.js'
import { durationMs, type Duration } from '../base/duration.js'
import { dtfxError, DurableError } from '../errors/durable-error.js'
import { kindOf } from '../provider/settings.js'
import type { DataConverter } from '../serialization/data-converter.js'
import { aes256GcmCodec, type Aes256GcmOptions } from '../serialization/payload-aes.js'
import { PayloadChain } from '../serialization/payload-chain.js'
import type { PayloadCodec } from '../serialization/payload-codec.js'
import { gzipCodec, type GzipOptions } from '../serialization/payload-gzip.js'
import { checkDigestKey } from './digest-key.js'
import type { PayloadOptions } from './with-payloads.js'

/** A codec described as JSON. Keys are Base64 of 32 bytes. */
export type CodecConfig = 'gzip' | ({ readonly codec: 'gzip' } & GzipOptions) | ({ readonly codec: 'aes-256-gcm' } & Aes256GcmOptions)

export interface PayloadConfig {
  readonly converter?: DataConverter | undefined
  /** In the order of writing: compress first, encrypt last. */
  readonly codecs?: readonly (PayloadCodec | CodecConfig)[] | undefined
  /** Base64 of 32 bytes; needed where a codec encrypts. Never changes. */
  readonly digestKey?: Uint8Array | string | undefined
  /** How long messages wait for a worker that has their key. @default '10m' */
  readonly keyGrace?: Duration | undefined
}

const keys = ['converter', 'codecs', 'digestKey', 'keyGrace']
const codecKeys: Readonly<Record<string, readonly string[]>> = { gzip: ['minBytes', 'level'], 'aes-256-gcm': ['keys', 'activeKey'] }

/** @throws DTFX_CONFIG_INVALID */
export function readPayloadConfig(config: unknown, source: string): PayloadOptions {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) refuse(source, 'payloads', `is ${kindOf(config)}; give an object`)
  const given = config as Readonly<Record<string, unknown>>
  checkKeys(given, keys, source, 'payloads')
  const { converter, codecs = [], digestKey, keyGrace } = given
  if (converter !== undefined && !isConverter(converter)) {
    refuse(source, 'payloads.converter', `is ${kindOf(converter)}; give an object with encode() and decode() (in code or in dtfx.config.mjs)`)
  }
  if (!Array.isArray(codecs)) refuse(source, 'payloads.codecs', `is ${kindOf(codecs)}; give a list`)
  const built = codecs.map((each: unknown, index) => readCodec(each, source, `payloads.codecs[${index}]`))
  explained(source, 'payloads.codecs', () => new PayloadChain(built))
  return {
    converter: converter as DataConverter | undefined,
    codecs: built,
    digestKey: explained(source, 'payloads.digestKey', () => checkDigestKey(digestKey, built)),
    keyGrace: keyGrace === undefined ? undefined : explained(source, 'payloads.keyGrace', () => durationMs(keyGrace as Duration)),
  }
}

function readCodec(config: unknown, source: string, key: string): PayloadCodec {
  if (isCodec(config)) return config
  const { codec, ...options } = (typeof config === 'string' ? { codec: config } : { ...(config as object | null) }) as Record<string, unknown>
  const allowed = typeof codec === 'string' && Object.hasOwn(codecKeys, codec) ? codecKeys[codec] : undefined
  if (allowed === undefined) {
    if (typeof codec === 'string') refuse(source, key, `is '${codec}', which is no codec. ${didYouMean(codec, Object.keys(codecKeys))}`)
    refuse(source, key, `is ${kindOf(config)}; give 'gzip', { codec: 'aes-256-gcm', … } or a codec object`)
  }
  checkKeys(options, allowed, source, key)
  return explained(source, key, () => (codec === 'gzip' ? gzipCodec(options as GzipOptions) : aes256GcmCodec(options as unknown as Aes256GcmOptions)))
}

function checkKeys(given: Readonly<Record<string, unknown>>, allowed: readonly string[], source: string, path: string): void {
  for (const key of Object.keys(given)) {
    if (!allowed.includes(key)) refuse(source, `${path}.${key}`, `is not known. ${didYouMean(key, allowed)}`)
  }
}

/** Runs `build`; an option it refuses is reported with the place in the configuration. */
function explained<T>(source: string, key: string, build: () => T): T {
  try {
    return build()
  } catch (error) {
    if (!DurableError.is(error)) throw error
    throw dtfxError('DTFX_CONFIG_INVALID', { source, key, problem: `is not valid: ${String(error.details['problem'] ?? error.message)}` }, error)
  }
}

function isCodec(value: unknown): value is PayloadCodec {
  const codec = value as Partial<PayloadCodec> | null
  return typeof codec === 'object' && codec !== null && typeof codec.encode === 'function' && typeof codec.decode === 'function'
}

function isConverter(value: unknown): value is DataConverter {
  const converter = value as Partial<DataConverter> | null
  return typeof converter === 'object' && converter !== null && typeof converter.encode === 'function' && typeof converter.decode === 'function'
}

function refuse(source: string, key: string, problem: string): never {
  throw dtfxError('DTFX_CONFIG_INVALID', { source, key, problem })
}
