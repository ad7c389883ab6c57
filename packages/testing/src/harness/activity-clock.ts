/** The clock an activity runs on in a test, carried along its asynchronous calls: a stub finds it without being told, also when several hubs run at once. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { sleep, systemClock, type Clock, type Duration, durationMs } from '@dtfx/core/provider'
import { VirtualClock } from '../clock/virtual-clock.js'

const clocks = new AsyncLocalStorage<Clock>()

/** Runs `fn` so that {@link activitySleep} inside it waits on `clock`. */
export function onClock<T>(clock: Clock, fn: () => T): T {
  return clocks.run(clock, fn)
}

/** Waits on the clock of the hub that runs this activity, outside of one on the system's. Ends early, without an error, when `signal` aborts. */
export function activitySleep(duration: Duration, signal?: AbortSignal): Promise<void> {
  const clock = clocks.getStore() ?? systemClock
  return clock instanceof VirtualClock ? clock.sleep(duration, signal) : sleep(clock, durationMs(duration, 'sleep'), signal)
}
