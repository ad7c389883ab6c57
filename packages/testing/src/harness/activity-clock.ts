/** The clock an activity runs on in a test, carried along its asynchronous calls: a stub finds it without being told, also when several hubs run at once. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { DurableError, durationMs, sleep, systemClock, type Clock, type Duration } from '@dtfx/core/provider'
import { VirtualClock } from '../clock/virtual-clock.js'

const clocks = new AsyncLocalStorage<Clock>()

/** Runs `fn` so that {@link activitySleep} inside it waits on `clock`. */
export function onClock<T>(clock: Clock, fn: () => T): T {
  return clocks.run(clock, fn)
}

/**
 * Waits, inside an activity, on the clock of the hub or run that called it (outside of one: on the system's). A hub does not wait for an activity that waits here; `advance` does.
 * Rejects with its reason when `signal` aborts. When it aborts because the worker stops, the wait never ends: the attempt has no outcome, and another worker runs the activity again.
 */
export async function activitySleep(duration: Duration, signal?: AbortSignal): Promise<void> {
  const clock = clocks.getStore() ?? systemClock
  if (clock instanceof VirtualClock) await clock.sleep(duration, signal)
  else await sleep(clock, durationMs(duration, 'sleep'), signal)
  if (signal?.aborted !== true) return
  if (DurableError.is(signal.reason, 'DTFX_WORKER_STATE')) await new Promise<never>(() => {})
  throw signal.reason
}
