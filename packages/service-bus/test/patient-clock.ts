/** A clock for services whose measure of time stands still, and whose timers that end the wait of what may be told with the next commit never fire: it waits, however slow the machine is. */
import { systemClock, type Clock } from '@dtfx/core/provider'
import { holdBackMs } from '../src/sessions/session-outbox.js'

export const patientClock: Clock = {
  nowMs: () => systemClock.nowMs(),
  nowTicks: () => systemClock.nowTicks(),
  monotonicMs: () => 0,
  setTimer: (delayMs, ...rest) => (delayMs === holdBackMs ? () => {} : systemClock.setTimer(delayMs, ...rest)),
}
