/**
 * What stands between a simulated process and everything outside of it: its clock and its store. A process that is dead never gets through again, one that is paused waits.
 * Invariant: nothing of a dead process has an effect, except a write that was on its way when it died.
 */
import { AmbiguousCommitError, sleep, TransientError, type Clock } from '@dtfx/core/provider'
import type { Step, Steps } from '../memory/steps.js'
import type { FaultDice } from './fault-dice.js'

/** Longest time that a write of which nobody knows is under way. */
const maxLateMs = 5_000

export interface GateOptions {
  readonly dice: FaultDice
  readonly clock: Clock
  /** Workers die and stand still, clients do not. */
  readonly mayDie: boolean
  readonly maxPauseMs: number
  /** Called when it dies. */
  readonly onDeath: () => void
  /** Called whenever something gets through. */
  readonly onMove: () => void
}

/** One for each who waits: a promise keeps those who wait for it, and with them all that a dead process had. */
const never = (): Promise<never> => new Promise(() => {})

export class ProcessGate implements Steps {
  readonly #options: GateOptions
  readonly #death = new AbortController()
  #pausedUntilMs = 0
  /** Writes of a client that failed in a row: its patience is bounded. */
  #failures = 0

  constructor(options: GateOptions) {
    this.#options = options
  }

  get isDead(): boolean {
    return this.#death.signal.aborted
  }

  /** Aborts when the process dies. */
  get death(): AbortSignal {
    return this.#death.signal
  }

  die(): void {
    if (this.isDead) return
    this.#death.abort()
    this.#options.onDeath()
  }

  pause(durationMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, this.#options.clock.monotonicMs() + durationMs)
  }

  /** Lets a process that is alive and awake through, the others not, or not yet. */
  async enter(): Promise<void> {
    const { clock, onMove } = this.#options
    while (!this.isDead && clock.monotonicMs() < this.#pausedUntilMs) await sleep(clock, this.#pausedUntilMs - clock.monotonicMs())
    if (this.isDead) await never()
    onMove()
  }

  async take<T>(step: Step, write: () => T | Promise<T>): Promise<T> {
    const { dice, clock, mayDie, maxPauseMs } = this.#options
    await this.enter()
    const fault = mayDie || this.#failures < 3 ? dice.step({ mayDie, name: step.name }) : 'none'
    const delayMs = dice.delayMs()
    if (delayMs > 0) await sleep(clock, delayMs)
    switch (fault) {
      case 'crash-before':
        this.die()
        return never()
      case 'crash-after':
        quietly(write)
        this.die()
        return never()
      case 'pause':
        this.pause(dice.between(1, maxPauseMs))
        break
      case 'transient':
      case 'unknown-not-done':
        throw this.#failed(step, fault)
      case 'unknown-done':
        await write()
        throw this.#failed(step, fault)
      case 'unknown-later':
        clock.setTimer(dice.between(1, maxLateMs), () => quietly(write))
        throw this.#failed(step, fault)
    }
    // A pause in front of a write: the decision was made with a lock that may be gone when the write arrives.
    await this.enter()
    this.#failures = 0
    const result = await write()
    await this.enter()
    return result
  }

  #failed({ name }: Step, fault: 'transient' | 'unknown-done' | 'unknown-not-done' | 'unknown-later'): Error {
    this.#failures++
    return fault === 'transient' ? new TransientError(name, 'simulated') : new AmbiguousCommitError(name, `simulated (${fault})`)
  }
}

/** Nobody is there any more to hear of an error. */
function quietly(write: () => unknown): void {
  void (async () => write())().catch(() => {})
}
