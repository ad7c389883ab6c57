import { describe, expect, it } from 'vitest'
import type { InstanceState, TaskMessage } from '@dtfx/core/provider'
import { isBeforeItsRow, isDotnetStart } from '../../src/instances/early-start.js'
import type { StoredRowOfInstance } from '../../src/tracking/instance-store.js'

const later = '2030-01-01T00:00:02Z'
const earlier = '2030-01-01T00:00:00Z'
const start: TaskMessage = { instance: { instanceId: 'i', executionId: 'new' }, event: { type: 'ExecutionStarted', eventId: -1, timestamp: '2030-01-01T00:00:01Z', name: 'Flow', instance: { instanceId: 'i', executionId: 'new' } } }

function row(part: Partial<InstanceState>): StoredRowOfInstance {
  const state: InstanceState = { instanceId: 'i', executionId: 'old', name: 'Flow', status: 'Running', generation: 0, createdAt: earlier, lastUpdatedAt: earlier, ...part }
  return { etag: 'e', state, sequence: 1, startMessageId: undefined, startMessages: [] }
}

describe('a start of a .NET client', () => {
  it.each<[string, StoredRowOfInstance | undefined, number, boolean]>([
    ['waits while another execution is alive and the row is its', row({}), 1, true],
    ['and while that one is still to come', row({ status: 'Pending' }), 1, true],
    ['but not for ever', row({}), 6, false],
    ['runs when the row names it', row({ executionId: 'new', status: 'Pending' }), 1, false],
    ['runs without a row: it is as good as stored', undefined, 1, false],
    ['runs when the other one is over', row({ status: 'Failed' }), 1, false],
    ['is judged at once when the row is newer', row({ createdAt: later }), 1, false],
  ])('%s', (_what, found, deliveryCount, expected) => {
    expect(isBeforeItsRow(start, found, deliveryCount)).toBe(expected)
  })

  it('is told from ours, from those of children, and from other messages', () => {
    const parent = { name: 'P', instance: { instanceId: 'p', executionId: 'pe' }, taskScheduleId: 0 }
    const child = { ...start, event: { ...start.event, parent } } as TaskMessage
    const raised: TaskMessage = { instance: { instanceId: 'i' }, event: { type: 'EventRaised', eventId: -1, timestamp: later, name: 'Go' } }
    expect([isDotnetStart(start, true), isDotnetStart(start, false), isDotnetStart(child, true), isDotnetStart(raised, true)]).toStrictEqual([true, false, false, false])
  })
})
