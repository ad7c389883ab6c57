/**
 * The version of a stored instance, opaque to everybody above: the ETag of its sentinel, with what a write on it has to know of what is there.
 * Invariant: an ETag is never used twice; "nothing" is a version as well.
 */
import type { InstanceVersion } from '@dtfx/core/provider'

export interface HistoryVersion {
  /** Undefined: there is no sentinel. */
  readonly etag: string | undefined
  /** Rows of the execution. */
  readonly eventCount: number
  /** Commits of the instance so far. */
  readonly sequence: number
  /** False: a .NET worker wrote last, and what the sentinel says of the state does not hold. */
  readonly isOurs: boolean
}

export const nothingStored: HistoryVersion = { etag: undefined, eventCount: 0, sequence: 0, isOurs: true }

export function encodeVersion({ etag = '', eventCount, sequence, isOurs }: HistoryVersion): InstanceVersion {
  return `${sequence}${isOurs ? '.' : '!'}${eventCount}.${etag}`
}

/** Undefined for what is no version of ours. */
export function decodeVersion(version: InstanceVersion | undefined): HistoryVersion | undefined {
  if (version === undefined) return nothingStored
  const read = /^(\d+)([.!])(\d+)\.(.*)$/.exec(String(version))
  if (read === null) return undefined
  const [, sequence, mark, eventCount, etag] = read
  return { sequence: Number(sequence), eventCount: Number(eventCount), etag: etag === '' ? undefined : etag, isOurs: mark === '.' }
}
