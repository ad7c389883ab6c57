/** A clock for services whose measure of time stands still, and whose timers of 100 ms, which end the wait of what may be told with the next commit, never fire: it waits, however slow the machine is. */
import { systemClock, type Clock } from '@dtfx/core/provider'

const holdBackMs = 100

export const patientClock: Clock = {
  nowMs: () => systemClock.nowMs(),
  nowTicks: () => systemClock.nowTicks(),
  monotonicMs: () => 0,
  setTimer: (delayMs, ...rest) => (delayMs === holdBackMs ? () => {} : systemClock.setTimer(delayMs, ...rest)),
}
