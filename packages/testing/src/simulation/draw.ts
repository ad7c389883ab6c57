/** Draws from a seeded generator, as plans of a simulation need them. */
import type { Random } from '@dtfx/core/provider'

export class Draw {
  constructor(readonly random: Random) {}

  /** A whole number from `low` to `high`, both included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.random.next() * (high - low + 1))
  }

  chance(probability: number): boolean {
    return this.random.next() < probability
  }

  /** One of the items with a weight each. */
  weighted<T>(items: readonly (readonly [T, number])[]): T {
    let left = this.random.next() * items.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [item, weight] of items) {
      left -= weight
      if (left < 0) return item
    }
    return (items.at(-1) as readonly [T, number])[0]
  }

  /** Milliseconds from 10 to 60 000: mostly short ones, as many below a second as above. */
  delayMs(): number {
    return this.chance(0.5) ? this.int(10, 1_000) : this.chance(0.7) ? this.int(1_000, 10_000) : this.int(10_000, 60_000)
  }
}
