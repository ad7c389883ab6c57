/**
 * The sessions of the tracking queue that our messages go through: a few for all instances, so that a worker keeps them open and stores what many instances tell at once. .NET has a session for each instance;
 * messages of both are read.
 * Invariant: all messages of an instance go through one lane, also in other versions of this package: what was told first is stored first. Pure.
 */

/** Bounds how many workers of a hub track at once, and how many sessions each keeps open. */
export const trackingLanes = 8
const prefix = 'dtfx-'

/** Of ids that differ in case only it is the same: the broker takes them for one. */
export function trackingLane(instanceId: string): string {
  // FNV-1a: no secret, only spread.
  let hash = 0x811c9dc5
  for (const character of instanceId.toLowerCase()) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193)
  return `${prefix}${(hash >>> 0) % trackingLanes}`
}

export function isTrackingLane(sessionId: string): boolean {
  return sessionId.startsWith(prefix)
}
