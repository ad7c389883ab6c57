import { VirtualClock } from '@dtfx/testing'
import { expect, it } from 'vitest'
import { InstanceWatchers } from '../src/instance-watchers.js'

/** When a look is due, in milliseconds from now; undefined: somebody woke it before. */
async function lookAfterMs(isOwned: boolean, round: number): Promise<number> {
  const clock = new VirtualClock()
  const seen = new InstanceWatchers(clock, () => isOwned).watch('a', new AbortController().signal, round)
  const dueMs = (clock.nextTimerMs() ?? Number.NaN) - clock.nowMs()
  clock.advanceTo(clock.nowMs() + dueMs)
  expect(await seen).toBe(true)
  return dueMs
}

it.each([
  [false, 0, 100],
  [false, 2, 225],
  [false, 20, 2_000],
  [true, 0, 2_000],
])('owned here %s, look %d: after %d ms', async (isOwned, round, ms) => expect(await lookAfterMs(isOwned, round)).toBe(ms))

it('wakes all that wait for an instance when it ends, and nobody else', async () => {
  const clock = new VirtualClock()
  const watchers = new InstanceWatchers(clock, () => true)
  const { signal } = new AbortController()
  const [first, second] = [watchers.watch('a', signal, 0), watchers.watch('a', signal, 0)]
  let isOtherSeen = false
  const other = watchers.watch('b', signal, 0).then(() => (isOtherSeen = true))
  watchers.ended('a')
  expect(await Promise.all([first, second])).toEqual([true, true])
  expect(isOtherSeen).toBe(false)
  clock.advance('2s')
  await other
  expect(clock.pendingTimers).toBe(0)
})

it('is false when the wait is given up, before or while it lasts', async () => {
  const watchers = new InstanceWatchers(new VirtualClock(), () => false)
  const given = new AbortController()
  const waiting = watchers.watch('a', given.signal, 0)
  given.abort()
  expect(await waiting).toBe(false)
  expect(await watchers.watch('a', given.signal, 0)).toBe(false)
})
