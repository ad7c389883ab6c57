/** How hostile the world of a seed is: most seeds have the defaults, some have a store that is unsure, slow and forgets its locks. */
import { seededRandom } from '@dtfx/core/provider'
import { Draw } from './draw.js'
import type { FaultOptions } from './fault-options.js'

/** Share of the seeds with many faults. */
const heavyShare = 0.2

/** Whatever a seed draws here does not change its scenario. */
export function faultProfile(seed: number): FaultOptions {
  const draw = new Draw(seededRandom(seed ^ 0x3c6ef372))
  if (!draw.chance(heavyShare)) return {}
  const upTo = (most: number): number => draw.random.next() * most
  return { ambiguous: upTo(0.2), delay: upTo(0.3), loseLock: upTo(0.2), late: upTo(0.2) }
}
