import { VirtualClock } from '@dtfx/testing'
import { expect, test } from 'vitest'
import { QueueWakers } from '../../src/queues/queue-wakers.js'

test('who looks at a queue is woken at once, and when what is hidden is due', async () => {
  const clock = new VirtualClock()
  const wakers = new QueueWakers(clock)
  let woken = 0
  const remove = wakers.add('q', () => woken++)
  wakers.wake('q')
  expect(woken).toBe(1)
  wakers.wakeAfter('q', 5_000)
  wakers.wakeAfter('q', 2_000)
  wakers.wakeAfter('other', 1_000)
  await clock.advance(1_999)
  expect(woken).toBe(1)
  await clock.advance(1)
  expect(woken).toBe(2)
  await clock.advance(3_000)
  expect(woken).toBe(3)
  wakers.wakeAfter('q', 1_000)
  remove()
  await clock.advance(10_000)
  expect(woken).toBe(3)
})

test('of very many due times the earliest are kept', async () => {
  const clock = new VirtualClock()
  const wakers = new QueueWakers(clock)
  let woken = 0
  wakers.add('q', () => woken++)
  for (let at = 3_000; at > 0; at--) wakers.wakeAfter('q', at)
  await clock.advance(1_000)
  expect(woken).toBe(1_000)
  await clock.advance(9_000)
  expect(woken).toBe(1_000)
})
