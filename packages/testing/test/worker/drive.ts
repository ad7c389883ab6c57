/** Moves virtual time for a worker that itself waits for time to pass while it holds work (back-offs, deadlines): a test hub takes that for work in progress and would wait for its end. */
import type { TestHub } from '@dtfx/testing'

/** Lets everything that is queued have its turn. */
export async function settle(turns = 20): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** Fires timer after timer until `forMs` of virtual time have passed, or `until` says that it is enough. */
export async function drive(hub: TestHub, forMs: number, until: () => boolean = () => false): Promise<void> {
  const endMs = hub.clock.nowMs() + forMs
  await settle()
  for (let nextMs = hub.clock.nextTimerMs(); nextMs !== undefined && nextMs <= endMs && !until(); nextMs = hub.clock.nextTimerMs()) {
    hub.clock.advanceTo(nextMs)
    await settle()
  }
  if (!until()) hub.clock.advanceTo(endMs)
  await settle()
}
