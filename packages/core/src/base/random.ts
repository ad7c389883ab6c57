/**
 * Randomness as an injected service. `seededRandom` gives the same sequence for the same seed on every machine, for tests and for orchestrations;
 * `systemRandom` is the process's. Originals are captured when the module loads (see clock.ts).
 */
import nodeCrypto from 'node:crypto'

const realMathRandom = Math.random
const realRandomFill = nodeCrypto.randomFillSync

const idBytes = 16
/** Bytes for the next ids, drawn 256 ids at a time. */
const pool = Buffer.allocUnsafeSlow(256 * idBytes)
let used = pool.length

export interface Random {
  /** A number in [0, 1). */
  next(): number
  /** 32 lower-case hexadecimal digits, the form of .NET's `Guid.ToString("N")`. */
  id(): string
}

export const systemRandom: Random = {
  next: () => realMathRandom(),
  id: drawId,
}

/** Hex of random bytes is one flat string; a UUID without its hyphens would be a tree of pieces, five times as large, which lives as long as the instance. */
function drawId(): string {
  if (used === pool.length) {
    realRandomFill(pool)
    used = 0
  }
  used += idBytes
  return pool.toString('hex', used - idBytes, used)
}

/** A generator with 32 bits of state (mulberry32): fast and good enough for jitter, simulation and `ctx.random()`; not for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  const word = (): string => Math.floor(next() * 4294967296).toString(16).padStart(8, '0')
  return { next, id: () => word() + word() + word() + word() }
}

/** FNV-1a over the UTF-16 code units of `text`: a 32-bit seed, not a digest. */
export function seedFromText(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
