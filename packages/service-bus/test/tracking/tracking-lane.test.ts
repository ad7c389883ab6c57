/** The lane of an instance: always the same one, also in other versions, and all of them are used. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { isTrackingLane, trackingLane, trackingLanes } from '../../src/tracking/tracking-lane.js'

it.for([
  ['', 'dtfx-5'],
  ['a', 'dtfx-4'],
  ['order-1', 'dtfx-5'],
  ['Bestellung Ä', 'dtfx-2'],
])("the lane of '%s' is %s", ([instanceId, lane]) => {
  expect(trackingLane(instanceId as string)).toBe(lane)
})

it('ids that the broker takes for one have one lane', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const instanceId = text.toUpperCase()
      expect(trackingLane(instanceId.toLowerCase())).toBe(trackingLane(instanceId))
      expect(isTrackingLane(trackingLane(instanceId))).toBe(true)
    }),
  )
})

it('instances are spread over all lanes', () => {
  const counts = new Map<string, number>()
  for (let i = 0; i < 8_000; i++) {
    const lane = trackingLane(`instance-${i}`)
    counts.set(lane, (counts.get(lane) ?? 0) + 1)
  }
  expect(counts.size).toBe(trackingLanes)
  for (const count of counts.values()) expect(count).toBeGreaterThan(500)
})
