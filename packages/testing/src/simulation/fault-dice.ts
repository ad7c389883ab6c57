/** Draws the faults of a simulation from its seed. Counts what it drew, for the report. */
import type { Clock, Random } from '@dtfx/core/provider'
import type { StepName } from '../memory/steps.js'
import type { CheckedFaults } from './fault-options.js'

/** What happens to one step of a store. */
export type StepFault = 'none' | 'crash-before' | 'crash-after' | 'transient' | 'unknown-done' | 'unknown-not-done' | 'unknown-later' | 'pause'

export type FaultCounts = Record<Exclude<StepFault, 'none'> | 'delay' | 'lost-lock' | 'duplicate' | 'late' | 'reorder', number>

export class FaultDice {
  readonly counts: FaultCounts = {
    'crash-before': 0, 'crash-after': 0, transient: 0, 'unknown-done': 0, 'unknown-not-done': 0, 'unknown-later': 0, pause: 0, delay: 0, 'lost-lock': 0, duplicate: 0, late: 0, reorder: 0,
  }
  readonly #endMs: number

  constructor(
    readonly faults: CheckedFaults,
    readonly random: Random,
    readonly clock: Clock,
  ) {
    this.#endMs = clock.monotonicMs() + faults.untilMs
  }

  get isOver(): boolean {
    return this.clock.monotonicMs() >= this.#endMs
  }

  /** `mayDie`: clients are no part of what has to survive. */
  step(options: { readonly mayDie: boolean; readonly name: StepName }): StepFault {
    const { crash, transient, ambiguous, pause } = this.faults
    const { mayDie } = options
    if (mayDie && this.#happens(crash)) return this.#counted(this.random.next() < 0.5 ? 'crash-before' : 'crash-after')
    if (mayDie && this.#happens(pause)) return this.#counted('pause')
    if (this.#happens(transient)) return this.#counted('transient')
    if (!this.#happens(ambiguous)) return 'none'
    return this.#counted((['unknown-done', 'unknown-not-done', 'unknown-later'] as const)[Math.floor(this.random.next() * 3)] ?? 'unknown-done')
  }

  /** How long the step takes. */
  delayMs(): number {
    return this.#drew('delay', this.faults.delay) ? this.between(1, this.faults.maxDelayMs) : 0
  }

  happens(what: 'duplicate' | 'late' | 'reorder'): boolean {
    return this.#drew(what, this.faults[what])
  }

  losesLock(): boolean {
    return this.#drew('lost-lock', this.faults.loseLock)
  }

  between(leastMs: number, mostMs: number): number {
    return leastMs + Math.floor(this.random.next() * (mostMs - leastMs + 1))
  }

  #happens(probability: number): boolean {
    return probability > 0 && !this.isOver && this.random.next() < probability
  }

  #drew(what: keyof FaultCounts, probability: number): boolean {
    const happens = this.#happens(probability)
    if (happens) this.counts[what]++
    return happens
  }

  #counted(fault: Exclude<StepFault, 'none'>): StepFault {
    this.counts[fault]++
    return fault
  }
}
