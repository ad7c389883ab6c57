/** Time as the broker sees it: locks, schedules, expiry and duplicate windows run on this clock and on no other. */

export type CancelTimer = () => void

export interface Clock {
  /** Milliseconds since 1970, UTC. */
  nowMs(): number
  /** Runs `action` once, `delayMs` from now at the earliest, unless cancelled. */
  after(delayMs: number, action: () => void): CancelTimer
}
