/** A bounded wait for something that happens in another part of the system. */
import { sleep, systemClock } from '@dtfx/core/provider'
import { expect } from 'vitest'

export async function eventually(what: string, holds: () => Promise<boolean> | boolean, withinMs = 40_000): Promise<void> {
  const endMs = systemClock.monotonicMs() + withinMs
  while (!(await holds())) {
    if (systemClock.monotonicMs() > endMs) expect.fail(`did not happen within ${withinMs} ms: ${what}`)
    await sleep(systemClock, 25)
  }
}

/** What `look` gives, when it is `wanted`; the difference otherwise. */
export async function eventuallyEqual<T>(look: () => Promise<T> | T, wanted: T, withinMs = 40_000): Promise<void> {
  const endMs = systemClock.monotonicMs() + withinMs
  for (;;) {
    const found = await look()
    const isWanted = JSON.stringify(found) === JSON.stringify(wanted)
    if (isWanted || systemClock.monotonicMs() > endMs) return expect(found).toEqual(wanted)
    await sleep(systemClock, 25)
  }
}
