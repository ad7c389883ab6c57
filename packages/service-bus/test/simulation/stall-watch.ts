/**
 * Whether a run goes on. It stalls when nobody asks for anything any more: then everybody waits for a lock, of one who died, or who could not give it back. It is stuck when that does not help. All in real time.
 */
import { systemClock } from '@dtfx/core/provider'
import type { Faults } from './fragile-process.js'

/** Longer than the longest back-off, in the fast time. */
const quietMs = 700
/** Some ask again and again for what somebody else holds. */
const vainMs = 2_500
const stuckMs = 30_000

export class StallWatch {
  #progress = ''
  #progressMs = systemClock.monotonicMs()
  #begun = 0
  #askedMs = this.#progressMs
  #stalledMs = this.#progressMs

  constructor(readonly faults: Faults) {}

  /** `progress`: a text that changes as long as something comes of it. */
  look(progress: string): 'goes on' | 'stalls' | 'is stuck' {
    const nowMs = systemClock.monotonicMs()
    if (progress !== this.#progress) [this.#progress, this.#progressMs] = [progress, nowMs]
    const { begun, open } = this.faults
    if (open > 0 || begun !== this.#begun) [this.#begun, this.#askedMs] = [begun, nowMs]
    if (nowMs - this.#progressMs > stuckMs) return 'is stuck'
    if (nowMs - Math.max(this.#askedMs, this.#stalledMs) < quietMs && nowMs - Math.max(this.#progressMs, this.#stalledMs) < vainMs) return 'goes on'
    this.#stalledMs = nowMs
    return 'stalls'
  }
}
