/**
 * Which control queue an instance belongs to: FNV-1a over the UTF-8 bytes of its id, as .NET has it, so that clients and workers of both agree.
 * Invariant: the id is hashed as it is, with case and without escapes.
 */

const offsetBasis = 0x811c9dc5
const prime = 0x01000193

/** FNV-1a, 32 bits, unsigned. */
export function fnv1a(text: string): number {
  let hash = offsetBasis
  for (const byte of Buffer.from(text, 'utf8')) hash = Math.imul(hash ^ byte, prime)
  return hash >>> 0
}

export function partitionOf(instanceId: string, partitionCount: number): number {
  return fnv1a(instanceId) % partitionCount
}
