import { describe, expect, it } from 'vitest'
import { activityAnswer, pendingState, startMessages, type OutboundMessage, type TaskScheduledEvent } from '../../src/provider.js'

const now = '2030-01-01T00:00:00Z'
const instance = { instanceId: 'a', executionId: 'x' }

function start(deliverAt?: string): OutboundMessage {
  return { id: 's', target: { kind: 'instance', instanceId: 'a' }, deliverAt, message: { instance, event: { type: 'ExecutionStarted', eventId: -1, timestamp: now, instance, name: 'Flow', input: '1', tags: { k: 'v' } } } }
}

function raised(id: string, deliverAt?: string): OutboundMessage {
  return { id, target: { kind: 'instance', instanceId: 'a' }, deliverAt, message: { instance, event: { type: 'EventRaised', eventId: -1, timestamp: now, name: id } } }
}

describe('what a create stores and sends', () => {
  it('is the Pending state of the start, with the time it is scheduled for', () => {
    expect(pendingState(start())).toEqual({ ...instance, name: 'Flow', status: 'Pending', input: '1', tags: { k: 'v' }, generation: 0, createdAt: now, lastUpdatedAt: now })
    expect(pendingState(start('2030-01-02T00:00:00Z')).scheduledStartAt).toBe('2030-01-02T00:00:00Z')
  })

  it('has the start first, and nothing due before it', () => {
    const messages = [raised('e1'), raised('e2', '2030-01-03T00:00:00Z'), raised('e3', '2030-01-01T00:00:00Z')]
    const times = (request: Parameters<typeof startMessages>[0]) => startMessages(request).map(({ id, deliverAt }) => [id, deliverAt])
    const [day2, day3] = ['2030-01-02T00:00:00Z', '2030-01-03T00:00:00Z']
    expect(times({ start: start(day2), messages })).toEqual([['s', day2], ['e1', day2], ['e2', day3], ['e3', day2]])
    expect(times({ start: start(), messages: [raised('e1')] })).toEqual([['s', undefined], ['e1', undefined]])
    expect(times({ start: start() })).toEqual([['s', undefined]])
  })
})

it('the answer of an activity goes to the execution that scheduled it, and names the message it answers', () => {
  const scheduled: TaskScheduledEvent = { type: 'TaskScheduled', eventId: 3, timestamp: now, name: 'Work', input: '[]' }
  const event = { type: 'TaskCompleted', eventId: -1, timestamp: now, taskScheduledId: 3, result: '1' } as const
  expect(activityAnswer({ id: 'm', message: { instance, event: scheduled } }, event)).toEqual({ id: 're:m', target: { kind: 'instance', instanceId: 'a' }, replyTo: 'm', message: { instance, event } })
})
