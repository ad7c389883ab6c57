import { VirtualClock } from '@dtfx/testing'
import { durationMs, systemRandom, type Duration } from '@dtfx/core/provider'
import { describe, expect, it } from 'vitest'
import { QueuePoller } from '../../src/queues/queue-poller.js'

const maxPauseMs = 30_000

function setUp() {
  const clock = new VirtualClock()
  const answers: (number | Error)[] = []
  const asked: { readonly atMs: number; readonly count: number }[] = []
  const failures: unknown[] = []
  const state = { room: 100 }
  const poller = new QueuePoller({
    clock,
    random: systemRandom,
    maxPauseMs,
    room: () => state.room,
    receive: async (count) => {
      asked.push({ atMs: clock.monotonicMs(), count })
      const answer = answers.shift() ?? 0
      if (answer instanceof Error) throw answer
      return answer
    },
    failed: (error) => failures.push(error),
  })
  return { clock, answers, asked, failures, state, poller }
}

/** Timer by timer, with what each of them sets off. */
async function elapse(clock: VirtualClock, duration: Duration): Promise<void> {
  const endMs = clock.nowMs() + durationMs(duration)
  for (;;) {
    await new Promise((resolve) => setImmediate(resolve))
    const nextMs = clock.nextTimerMs()
    if (nextMs === undefined || nextMs > endMs) break
    await clock.advance(nextMs - clock.nowMs())
  }
  await clock.advance(endMs - clock.nowMs())
}

describe('a queue poller', () => {
  it('asks at once while there is something, then ever more seldom, and at last at the longest pause', async () => {
    const { clock, answers, asked, poller } = setUp()
    answers.push(5, 5)
    poller.start()
    await elapse(clock, 10)
    expect(asked.filter(({ atMs }) => atMs === 0).map(({ count }) => count)).toEqual([32, 32, 32, 32])
    await elapse(clock, '10m')
    const before = asked.length
    await elapse(clock, '10m')
    expect(asked.length - before).toBeGreaterThanOrEqual(20)
    expect(asked.length - before).toBeLessThanOrEqual(40)
    await poller.stop()
  })

  it('asks at once when it is woken, and then often again', async () => {
    const { clock, asked, poller } = setUp()
    poller.start()
    await elapse(clock, '10m')
    const before = asked.length
    poller.wake()
    await elapse(clock, 1_000)
    expect(asked.length - before).toBeGreaterThan(3)
    await poller.stop()
  })

  it('asks for nothing while there is no room, and for no more than there is', async () => {
    const { clock, asked, state, poller } = setUp()
    state.room = 0
    poller.start()
    await elapse(clock, '1m')
    expect(asked).toEqual([])
    state.room = 7
    poller.roomMade()
    await elapse(clock, 1)
    expect(asked[0]).toEqual({ atMs: 60_000, count: 7 })
    await poller.stop()
  })

  it('goes on after a failure, with growing pauses', async () => {
    const { clock, answers, asked, failures, poller } = setUp()
    answers.push(...Array.from({ length: 5 }, () => new Error('no answer')))
    poller.start()
    await elapse(clock, '1m')
    expect(failures).toHaveLength(5)
    expect(asked.length).toBeGreaterThan(5)
    await poller.stop()
  })

  it('leaves no timer behind', async () => {
    const { clock, asked, poller } = setUp()
    poller.start()
    await elapse(clock, '1m')
    await poller.stop()
    const count = asked.length
    expect(clock.pendingTimers).toBe(0)
    await elapse(clock, '1m')
    expect(asked).toHaveLength(count)
  })
})
