/**
 * Reads and writes the state of a session: compressed, and in a blob when it is large.
 * Invariants: a blob is written before the state that names it, and deleted after the state that names another; its name is that of the checkpoint, so that a repeated write finds its own.
 */
import { createHash } from 'node:crypto'
import { dtfxError, parseWire, PermanentError, type Clock } from '@dtfx/core/provider'
import type { SessionLink } from '../bus/session-link.js'
import { gzipBytes } from '../messages/gzip-bytes.js'
import { dayOf, isGzip, unzipText, type HubBlobs } from '../messages/hub-blobs.js'
import { blobKeyOf, decodeSession, encodeReference, encodeSession, nothingStored, type StoredSession } from './session-state.js'

/** .NET's `SessionOverflowThresholdInBytes`: a state shares its limit with the request that carries it. */
const inlineBytes = 230 * 1024
/** Compressed. .NET's workers write no more than 10 MiB, but read more. */
const maxStateBytes = 50 * 1024 * 1024
/** Fast: states are written often, and read by machines. */
const compression = { level: 1 } as const

export interface SessionStoreParts {
  readonly blobs: HubBlobs | undefined
  readonly clock: Clock
}

export class SessionStore {
  constructor(readonly parts: SessionStoreParts) {}

  /** @throws DTFX_WIRE_INVALID, and what a port may throw */
  async read(link: SessionLink, instanceId: string): Promise<StoredSession> {
    const place = `state of session '${instanceId}'`
    const direct = await this.#parsed(await link.getState(), place)
    if (direct === undefined || direct === null) return nothingStored
    const blobKey = blobKeyOf(direct)
    if (blobKey === undefined) return decodeSession(direct, instanceId)
    const { blobs } = this.parts
    if (blobs === undefined) throw dtfxError('DTFX_WIRE_INVALID', { what: place, problem: 'it is in a blob, and there is no storage account' })
    const bytes = await blobs.get(blobKey)
    if (bytes === undefined) throw dtfxError('DTFX_WIRE_INVALID', { what: place, problem: `its blob '${blobKey}' does not exist` })
    return { ...decodeSession(await this.#parsed(bytes, place), instanceId), blobKey }
  }

  /** What was written, with the place of its blob. `before` is what it replaces. */
  async write(link: SessionLink, stored: StoredSession, before: StoredSession): Promise<StoredSession> {
    const bytes = await gzipBytes(Buffer.from(encodeSession(stored), 'utf8'), compression)
    const blobKey = bytes.length > inlineBytes ? await this.#overflow(link, stored, bytes) : undefined
    await link.setState(blobKey === undefined ? bytes : await gzipBytes(Buffer.from(encodeReference(stored, blobKey), 'utf8'), compression))
    this.#forgetBlob(before, blobKey)
    return { ...stored, blobKey }
  }

  async clear(link: SessionLink, before: StoredSession): Promise<void> {
    await link.setState(undefined)
    this.#forgetBlob(before, undefined)
  }

  async #overflow({ sessionId }: SessionLink, { checkpointId, sequence }: StoredSession, bytes: Buffer): Promise<string> {
    const { blobs, clock } = this.parts
    if (bytes.length > maxStateBytes) throw new PermanentError(`the state of session '${sessionId}'`, `it has ${bytes.length} bytes; the limit is ${maxStateBytes}. Continue as new, or store large values elsewhere and pass references`)
    if (blobs === undefined) throw new PermanentError(`the state of session '${sessionId}'`, `it has ${bytes.length} bytes, and without a storage account at most ${inlineBytes} can be kept`)
    const name = createHash('sha256').update(`${sequence}.${checkpointId ?? ''}`).digest('hex').slice(0, 32)
    const key = `session-${dayOf(clock.nowTicks())}|${sessionId}/${name}`
    await blobs.put(key, bytes)
    return key
  }

  /** One that cannot be deleted is only room lost. */
  #forgetBlob({ blobKey }: StoredSession, kept: string | undefined): void {
    if (blobKey !== undefined && blobKey !== kept) void this.parts.blobs?.delete(blobKey).catch(() => {})
  }

  /** The SDK gives text that is JSON decoded, and bytes that are not as they are. */
  async #parsed(value: unknown, place: string): Promise<unknown> {
    if (!Buffer.isBuffer(value)) return value
    if (value.length === 0) return undefined
    return parseWire(isGzip(value) ? await unzipText(value, place) : value.toString('utf8').replace(/^\uFEFF/, ''), place)
  }
}
