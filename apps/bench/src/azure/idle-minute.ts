/**
 * A minute of a worker without work, on a clock that is moved: its requests are real, the time between them is not waited for.
 * Invariant: the clock moves only when no request has been sent for a while, so that an answer is never late.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { VirtualClock } from '@dtfx/testing'
import type { Setup } from '../measurement.js'
import { openSession } from '../ours/dtfx.js'
import { countsRequests, difference, type RequestCounts } from './storage-requests.js'

/** An answer from the same machine takes less than this. */
const quietMs = 30
/** While it stops. */
const stopStepMs = 500
/** The longest pause between two looks at a queue is reached within this time; then minutes are alike. */
const settleMs = 120_000

export interface IdleWorker {
  /** Requests of the next minute. */
  minute(): Promise<RequestCounts>
  close(): Promise<void>
}

export async function openIdleWorker(setup: Setup): Promise<IdleWorker> {
  const clock = new VirtualClock(new Date())
  const { service, close } = await openSession(setup, undefined, { clock })
  const requests = (): RequestCounts => (countsRequests(service) ? service.requests : {})
  const pass = async (ms: number): Promise<void> => {
    const endMs = clock.nowMs() + ms
    while (clock.nowMs() < endMs) {
      clock.advanceTo(Math.min(clock.nextTimerMs() ?? endMs, endMs))
      for (let sent = -1; sent !== sum(requests()); await pause(quietMs)) sent = sum(requests())
    }
  }
  await pass(settleMs)
  return {
    minute: async () => {
      const before = requests()
      await pass(60_000)
      return difference(before, requests())
    },
    // Its timers stand still: they have to be moved while it stops.
    close: async () => {
      const moving = setInterval(() => clock.advance(stopStepMs), quietMs)
      await close().finally(() => clearInterval(moving))
    },
  }
}

function sum(counts: RequestCounts): number {
  return Object.values(counts).reduce((total, count) => total + count, 0)
}
