/** Moves a virtual clock from event to event, and lets everything that follows from one event happen before the next. */
import { nextLoopTurn } from '../clock/event-loop.js'
import type { VirtualClock } from '../clock/virtual-clock.js'

export interface DrivePlan {
  readonly clock: VirtualClock
  /** Monotonic time at which it gives up. */
  readonly endMs: number
  /** Grows with everything that happens. */
  moves(): number
  isDone(): boolean
}

/** Turns of the event loop in which nothing happened, after which nothing will before time passes. */
const quietTurns = 4

/** False: time was up, or nothing was left to wait for. */
export async function driveUntil({ clock, endMs, moves, isDone }: DrivePlan): Promise<boolean> {
  for (;;) {
    for (let calm = 0, seen = moves(); calm < quietTurns; calm++) {
      await nextLoopTurn()
      if (seen === moves()) continue
      seen = moves()
      calm = -1
    }
    if (isDone()) return true
    const nextMs = clock.nextTimerMs()
    if (nextMs === undefined || clock.monotonicMs() >= endMs) return false
    clock.advanceTo(nextMs)
  }
}
