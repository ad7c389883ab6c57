import { describe, expect, it } from 'vitest'
import { OrchestrationState } from '../../src/client/orchestration-state.js'
import { jsonConverter } from '../../src/serialization/data-converter.js'
import { completedState, runningState } from './fake-service.js'

describe('OrchestrationState', () => {
  it('shows times as Date and payloads as values', () => {
    const state = new OrchestrationState(
      completedState('i', { a: 1 }, {
        input: '[1]',
        customStatus: '"half"',
        version: '2',
        tags: { a: 'b' },
        parent: { name: 'P', instance: { instanceId: 'p', executionId: 'pe' }, taskScheduleId: 3 },
        generation: 2,
        createdAt: '2030-01-01T00:00:00.1234567Z',
        scheduledStartAt: '2030-01-02T00:00:00Z',
      }),
      jsonConverter,
    )
    expect(state).toMatchObject({ instanceId: 'i', executionId: 'e1', name: 'Flow', version: '2', status: 'Completed', isFinal: true, tags: { a: 'b' }, generation: 2, failure: undefined })
    expect(state.parent).toEqual({ instanceId: 'p', executionId: 'pe', name: 'P' })
    expect(state.createdAt).toEqual(new Date('2030-01-01T00:00:00.123Z'))
    expect(state.completedAt).toEqual(new Date('2030-01-01T00:00:05.000Z'))
    expect(state.scheduledStartAt).toEqual(new Date('2030-01-02T00:00:00.000Z'))
    expect([state.input, state.output, state.customStatus, state.terminationReason]).toEqual([[1], { a: 1 }, 'half', undefined])
    expect(state.output).toBe(state.output)
  })

  it('has no payload where none is stored or read', () => {
    const state = new OrchestrationState(runningState('i'), jsonConverter)
    expect([state.input, state.output, state.customStatus, state.parent, state.completedAt]).toEqual([undefined, undefined, undefined, undefined, undefined])
    expect(state.tags).toEqual({})
    expect(state.isFinal).toBe(false)
  })

  it('shows the reason of a terminated one, which is no JSON', () => {
    const state = new OrchestrationState(runningState('i', { status: 'Terminated', output: 'enough' }), jsonConverter)
    expect(state.terminationReason).toBe('enough')
    expect(state.output).toBeUndefined()
  })

  it('throws only for the payload that cannot be read, and only when it is asked for', () => {
    const state = new OrchestrationState(completedState('i', 1, { input: '{' }), jsonConverter)
    expect(state.output).toBe(1)
    expect(() => state.input).toThrow("Payload of input of orchestration 'Flow' (i) cannot be read")
  })

  it('is plain data as JSON', () => {
    const json = JSON.parse(JSON.stringify(new OrchestrationState(completedState('i', { a: 1 }, { input: '5' }), jsonConverter))) as object
    expect(json).toMatchObject({ instanceId: 'i', status: 'Completed', input: 5, output: { a: 1 }, createdAt: '2030-01-01T00:00:00.000Z' })
  })
})
