/**
 * What may be there to hand out, as far as this process knows: hints that save looks at the file. A hint may be wrong in one direction only: what is not hinted at is not there,
 * or was written by another process, and the next look at the file finds it.
 */
import type { CancelTimer, Clock } from '@dtfx/core/provider'

export class Work {
  hasInstances = true
  hasActivities = true
  /** The earliest time of a delayed message. */
  #dueMs = Number.POSITIVE_INFINITY
  #cancelTimer: CancelTimer | undefined
  #armedForMs = Number.POSITIVE_INFINITY

  constructor(
    readonly clock: Clock,
    /** Something arrived; for an instance, if it is one. */
    readonly arrived: (instance?: number) => void,
  ) {}

  get isDue(): boolean {
    return this.#dueMs <= this.clock.nowMs()
  }

  messagesArrived(instance: number): void {
    this.hasInstances = true
    this.arrived(instance)
  }

  instancesTaken(): void {
    this.hasInstances = false
  }

  activitiesArrived(): void {
    this.hasActivities = true
    this.arrived()
  }

  activitiesTaken(): void {
    this.hasActivities = false
  }

  /** A message was delayed until then. */
  due(dueMs: number): void {
    if (dueMs < this.#dueMs) this.nextDue(dueMs)
  }

  /** The earliest of all. */
  nextDue(dueMs: number | undefined): void {
    this.#dueMs = dueMs ?? Number.POSITIVE_INFINITY
    this.#arm()
  }

  /** Anything may have been written by others. */
  unknown(dueMs: number | undefined): void {
    this.hasInstances = true
    this.hasActivities = true
    this.nextDue(dueMs)
  }

  close(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  #arm(): void {
    if (this.#armedForMs === this.#dueMs && this.#cancelTimer !== undefined) return
    this.close()
    this.#armedForMs = this.#dueMs
    if (this.#dueMs === Number.POSITIVE_INFINITY) return
    this.#cancelTimer = this.clock.setTimer(Math.max(0, this.#dueMs - this.clock.nowMs()), () => {
      this.#cancelTimer = undefined
      // A timer may be early by the clock on the wall.
      if (this.isDue) this.arrived()
      else this.#arm()
    }, { keepAlive: false })
  }
}
