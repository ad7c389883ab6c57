/** `ctx.newGuid()`: a version 5 (name-based) UUID over instance, execution (as it was first started) and a counter: unique, and the same on replay, also after a rewind. */
import { createHash } from 'node:crypto'
import type { Execution } from './execution.js'

const realCreateHash = createHash

export function newGuid(x: Execution): string {
  const digest = realCreateHash('sha1').update(`${x.instanceId}\n${x.seed}\n${x.guidCounter++}`).digest()
  digest[6] = ((digest[6] as number) & 0x0f) | 0x50
  digest[8] = ((digest[8] as number) & 0x3f) | 0x80
  const hex = digest.toString('hex', 0, 16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
