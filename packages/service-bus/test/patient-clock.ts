/** A clock for services whose measure of time stands still, while timers run: what may wait for the next commit waits, however slow the machine is. */
import { systemClock, type Clock } from '@dtfx/core/provider'

export const patientClock: Clock = {
  nowMs: () => systemClock.nowMs(),
  nowTicks: () => systemClock.nowTicks(),
  monotonicMs: () => 0,
  setTimer: (...timer) => systemClock.setTimer(...timer),
}
