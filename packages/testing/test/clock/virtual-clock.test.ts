import { describe, expect, it } from 'vitest'
import { VirtualClock, virtualClockStart } from '@dtfx/testing'
import { isPending } from '../memory/memory-hub.js'

describe('VirtualClock', () => {
  it('starts at a fixed time and stands still', () => {
    const clock = new VirtualClock()
    expect(clock.nowTicks()).toBe(virtualClockStart)
    expect(clock.nowTicks()).toBe('2030-01-01T00:00:00.000Z')
    expect(clock.monotonicMs()).toBe(0)
    expect(new VirtualClock('2024-05-06T07:08:09Z').nowTicks()).toBe('2024-05-06T07:08:09.000Z')
    expect(new VirtualClock(new Date(5)).nowMs()).toBe(5)
    expect(() => new VirtualClock('yesterday')).toThrow(/DTFX|not a valid time/)
  })

  it('fires timers in order of time, then insertion, each at its own time', () => {
    const clock = new VirtualClock()
    const fired: string[] = []
    const note = (name: string) => () => fired.push(`${name}@${clock.monotonicMs()}`)
    clock.setTimer(20, note('late'))
    clock.setTimer(10, note('first'))
    clock.setTimer(10, note('second'))
    clock.setTimer(15, note('cancelled'))()
    expect(clock.nextTimerMs()).toBe(clock.nowMs() + 10)
    clock.advance('15ms')
    expect(fired).toEqual(['first@10', 'second@10'])
    expect(clock.monotonicMs()).toBe(15)
    expect(clock.pendingTimers).toBe(1)
    clock.advance('1s')
    expect(fired).toEqual(['first@10', 'second@10', 'late@20'])
    expect(clock.nextTimerMs()).toBeUndefined()
  })

  it('fires timers that timers set, when they are due in the same advance', () => {
    const clock = new VirtualClock()
    const fired: number[] = []
    const again = (): void => {
      fired.push(clock.monotonicMs())
      clock.setTimer(10, again)
    }
    clock.setTimer(10, again)
    clock.advance(35)
    expect(fired).toEqual([10, 20, 30])
  })

  it('never goes back and fires nothing by itself', () => {
    const clock = new VirtualClock()
    let fired = false
    clock.setTimer(0, () => (fired = true))
    clock.advanceTo(clock.nowMs() - 1000)
    expect(clock.monotonicMs()).toBe(0)
    expect(fired).toBe(false)
    expect(clock.fireDue()).toBe(1)
    expect(fired).toBe(true)
    expect(() => clock.advance(-1)).toThrow(/advance/)
  })

  it('lets activities sleep, and counts them', async () => {
    const clock = new VirtualClock()
    let changes = 0
    clock.onSleepersChanged = () => changes++
    const stop = new AbortController()
    const long = clock.sleep('2d', stop.signal)
    const short = clock.sleep('1s')
    expect(clock.sleepers).toBe(2)
    clock.advance('1s')
    await short
    expect(clock.sleepers).toBe(1)
    expect(await isPending(long)).toBe(true)
    stop.abort()
    await long
    expect(clock.sleepers).toBe(0)
    expect(changes).toBe(4)
    await clock.sleep('1s', stop.signal)
    expect(clock.pendingTimers).toBe(0)
  })
})
