/**
 * The envelope: how the text of a payload says with which codecs it was written. Wire contract, format 1:
 *
 *     dtfx-payload/1;gzip,aes-256-gcm/key1;H4sIAAAA…
 *
 * Format version; the steps in the order in which they were applied, each a codec id with an optional key id; the bytes in Base64.
 * The bytes before the first step are the payload text in UTF-8, or in UTF-16LE when the first step is `utf16` (text that is not well-formed Unicode).
 * Invariants: JSON never begins like an envelope, so a payload without one is what it is; any other text that does is itself put into an envelope of no steps.
 */
import { dtfxError, type DurableError } from '../errors/durable-error.js'

/** What every envelope of any format begins with. */
const prefix = 'dtfx-payload/'
const head = `${prefix}1;`

export interface EnvelopeStep {
  readonly codec: string
  readonly key: string | undefined
}

export interface Envelope {
  readonly steps: readonly EnvelopeStep[]
  readonly bytes: Uint8Array
}

const idShape = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
const bodyShape = /^[A-Za-z0-9+/]*={0,2}$/

/** Ids of codecs and keys: 1 to 64 letters, digits, dots, dashes and underscores. */
export function isEnvelopeId(id: unknown): id is string {
  return typeof id === 'string' && idShape.test(id)
}

export function isEnvelope(text: string): boolean {
  return text.startsWith(prefix)
}

/** The part of an envelope before its bytes; encrypting codecs authenticate it. */
export function envelopeHeader(steps: readonly EnvelopeStep[]): string {
  return `${head}${steps.map(stepText).join(',')};`
}

export function formatEnvelope({ steps, bytes }: Envelope): string {
  return envelopeHeader(steps) + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

/** @throws DTFX_PAYLOAD_CODEC for another format version and for text that was cut or changed */
export function parseEnvelope(text: string): Envelope {
  if (!text.startsWith(head)) {
    throw codecError({ codec: `format '${text.slice(prefix.length, prefix.length + 8)}'`, problem: 'this version reads format 1', fault: 'configuration' })
  }
  const end = text.indexOf(';', head.length)
  if (end < 0) throw damaged('it has no end of its header')
  const body = text.slice(end + 1)
  if (body.length % 4 !== 0 || !bodyShape.test(body)) throw damaged('its bytes are no Base64')
  return { steps: parseSteps(text.slice(head.length, end)), bytes: Buffer.from(body, 'base64') }
}

export interface CodecProblem {
  readonly codec: string
  readonly key?: string | undefined
  readonly problem: string
  /** `configuration`: this process lacks what it needs, another may have it. `data`: nobody can read it. */
  readonly fault: 'configuration' | 'data'
}

/** DTFX_PAYLOAD_CODEC with the details that say whose fault it is. */
export function codecError({ codec, key, problem, fault }: CodecProblem, cause?: unknown): DurableError {
  return dtfxError('DTFX_PAYLOAD_CODEC', { codec, key: key ?? 'none', problem, fault }, cause)
}

function parseSteps(text: string): EnvelopeStep[] {
  if (text === '') return []
  return text.split(',').map((part) => {
    const slash = part.indexOf('/')
    const codec = slash < 0 ? part : part.slice(0, slash)
    const key = slash < 0 ? undefined : part.slice(slash + 1)
    if (!isEnvelopeId(codec) || (key !== undefined && !isEnvelopeId(key))) throw damaged('its header is not readable')
    return { codec, key }
  })
}

function stepText({ codec, key }: EnvelopeStep): string {
  return key === undefined ? codec : `${codec}/${key}`
}

function damaged(problem: string): DurableError {
  return codecError({ codec: 'unknown', problem, fault: 'data' })
}
