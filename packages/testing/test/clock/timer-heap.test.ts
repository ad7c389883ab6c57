import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TimerHeap } from '../../src/clock/timer-heap.js'

describe('TimerHeap', () => {
  it('gives entries by due time, then insertion, and skips cancelled ones', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ dueMs: fc.integer({ min: 0, max: 20 }), cancelled: fc.boolean() }), { maxLength: 300 }), (wanted) => {
        const heap = new TimerHeap<number>()
        const entries = wanted.map(({ dueMs }, index) => heap.add(dueMs, index))
        wanted.forEach(({ cancelled }, index) => cancelled && heap.cancel(entries[index]!))
        const expected = wanted.map((each, index) => ({ ...each, index })).filter(({ cancelled }) => !cancelled)
        expected.sort((a, b) => a.dueMs - b.dueMs || a.index - b.index)
        expect(heap.size).toBe(expected.length)
        const taken: number[] = []
        for (let entry = heap.takeDue(100); entry !== undefined; entry = heap.takeDue(100)) taken.push(entry.value)
        expect(taken).toEqual(expected.map(({ index }) => index))
        expect(heap.size).toBe(0)
      }),
    )
  })

  it('keeps what is not due and cancels only once', () => {
    const heap = new TimerHeap<string>()
    const entry = heap.add(5, 'a')
    expect(heap.takeDue(4)).toBeUndefined()
    expect(heap.peek()).toBe(entry)
    heap.cancel(entry)
    heap.cancel(entry)
    expect(heap.size).toBe(0)
    expect(heap.peek()).toBeUndefined()
    heap.add(1, 'b')
    heap.clear()
    expect(heap.takeDue(10)).toBeUndefined()
  })
})
