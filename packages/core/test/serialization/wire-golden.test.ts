import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { DurableError } from '../../src/errors/durable-error.js'
import { decodeEvent, decodeHistory, encodeEvent, encodeHistory, eventToWire, historyFromWire } from '../../src/serialization/wire-history.js'
import type { WireFlavour } from '../../src/serialization/wire-flavour.js'
import { parseWire, wireText, type WireObject } from '../../src/serialization/wire-json.js'
import type { WireKind } from '../../src/serialization/wire-kinds.js'
import { decodeMessage, encodeMessage, messageFromWire, messageToWire } from '../../src/serialization/wire-message.js'
import * as parts from '../../src/serialization/wire-parts.js'
import { stateFromWire, stateToWire } from '../../src/serialization/wire-state.js'

/** Title → text of every section `### <title>` of the file, which the real .NET classes wrote. */
const golden = new Map(
  readFileSync(new URL('../fixtures/golden-vectors.txt', import.meta.url), 'utf8')
    .split(/^### /m)
    .filter((section) => section !== '')
    .map((section) => [section.slice(0, section.indexOf('\n')), section.slice(section.indexOf('\n') + 1).trimEnd()] as const),
)
const titles = (prefix: string): string[] => [...golden.keys()].filter((title) => title.startsWith(prefix))
const textOf = (title: string): string => golden.get(title) as string

describe('messages of Azure Storage queues', () => {
  const messages = titles('Q ').filter((title) => title !== 'Q wrapper')
  it('has the vectors', () => expect(messages).toHaveLength(12))

  it.each(messages)('%s', (title) => {
    const text = textOf(title)
    const envelope = parseWire(text, 'message') as Record<string, unknown>
    const message = messageFromWire(envelope['TaskMessage'], 'TaskMessage')
    const rewritten = { ...envelope, TaskMessage: messageToWire(message, 'azureStorage') }
    expect(wireText(rewritten)).toBe(text)
  })

  it('reads the members into the model', () => {
    const envelope = parseWire(textOf('Q ExecutionStarted (sub-orch, tags, trace, scheduled)'), 'message') as WireObject
    expect(messageFromWire(envelope['TaskMessage'], 'TaskMessage')).toStrictEqual({
      event: {
        type: 'ExecutionStarted',
        eventId: -1,
        timestamp: '2024-05-06T07:08:09.1234567Z',
        instance: { instanceId: 'abc', executionId: '0123456789abcdef0123456789abcdef' },
        parent: { name: 'Parent', instance: { instanceId: 'parent', executionId: 'e1' }, taskScheduleId: 3, version: '' },
        name: 'Child',
        version: '1.0',
        input: '"input"',
        tags: { k: 'v' },
        parentTraceContext: { traceParent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
        scheduledStartTime: '2024-05-06T07:08:09.1234567Z',
      },
      instance: { instanceId: 'abc', executionId: '0123456789abcdef0123456789abcdef' },
    })
  })
})

describe('texts of Service Bus', () => {
  const bodies = titles('SB body')
  it('has the vectors', () => expect(bodies).toHaveLength(4))

  it.each(bodies)('%s', (title) => {
    const text = textOf(title)
    expect(encodeMessage(decodeMessage(text, 'message'), 'serviceBus')).toBe(text)
  })

  it('reads an OrchestrationState; sizes are extras', () => {
    const { event } = decodeMessage(textOf('SB body HistoryState'), 'message')
    expect(event).toStrictEqual({
      type: 'HistoryState',
      eventId: -1,
      timestamp: '2024-05-06T07:08:09.1234567Z',
      state: {
        instanceId: 'abc',
        executionId: '0123456789abcdef0123456789abcdef',
        name: 'Hello',
        version: '',
        status: 'Completed',
        input: '"i"',
        output: '"o"',
        tags: { k: 'v' },
        generation: 0,
        createdAt: '2024-05-06T07:08:09.1234567Z',
        lastUpdatedAt: '2024-05-06T07:08:09.1234567Z',
        completedAt: '2024-05-06T07:08:09.1234567Z',
        extra: { CompressedSize: 10, Size: 10 },
      },
    })
  })

  it('SB session state', () => {
    const text = textOf('SB session state')
    const session = parseWire(text, 'session') as Record<string, unknown>
    const events = historyFromWire(session['Events'], 'Events')
    expect(events.map((event) => event.type)).toStrictEqual(['OrchestratorStarted', 'ExecutionStarted', 'TaskScheduled', 'OrchestratorCompleted'])
    expect(wireText({ ...session, Events: events.map((event) => eventToWire(event, 'serviceBus')) })).toBe(text)
  })

  it('SB history column', () => {
    const text = textOf('SB history column')
    expect(encodeEvent(decodeEvent(text, 'event'), 'serviceBus', 2)).toBe(text)
  })

  it('SB instance-store Tags column', () => {
    const text = textOf('SB instance-store Tags column')
    expect(through(parts.tags, text, 'serviceBus')).toBe(text)
  })
})

describe('texts without type names', () => {
  it('GetOrchestrationHistoryAsync', () => {
    const text = textOf('GetOrchestrationHistoryAsync')
    expect(encodeHistory(decodeHistory(text, 'history'), 'plain')).toBe(text)
  })

  it.each([
    ['col OrchestrationInstance', parts.instance],
    ['col ParentInstance', parts.parent],
    ['col ParentTraceContext', parts.traceContext],
    ['col Tags', parts.tags],
    ['col FailureDetails', parts.failure],
  ] as const)('%s', (title, kind) => {
    const text = textOf(title)
    expect(through(kind as WireKind<unknown>, text, 'plain')).toBe(text)
  })
})

describe('what .NET accepts, and more', () => {
  const taskScheduled = '"EventType":4,"Name":"N","Version":"","Input":"[]","EventId":0,"IsPlayed":false,"Timestamp":"2026-11-22T02:27:04.912474Z"'
  const target = '"OrchestrationInstance":{"InstanceId":"abc","ExecutionId":"e"}'
  const message = (event: string): string => `{"Event":${event},"SequenceNumber":0,${target},"OrchestrationExecutionContext":null}`

  it.each([
    ['$type only on Event', message(`{"$type":"DurableTask.Core.History.TaskScheduledEvent",${taskScheduled}}`)],
    ['$type not first', message(`{${taskScheduled},"$type":"DurableTask.Core.History.TaskScheduledEvent"}`)],
    ['no $type at all', message(`{${taskScheduled}}`)],
    ['with assembly', message(`{"$type":"DurableTask.Core.History.TaskScheduledEvent, DurableTask.Core",${taskScheduled}}`)],
    ['with a full assembly name', message(`{"$type":"DurableTask.Core.History.TaskScheduledEvent, DurableTask.Core, Version=3.9.0.0, Culture=neutral",${taskScheduled}}`)],
    ['first namespace, assembly DurableTask', message(`{"$type":"DurableTask.History.TaskScheduledEvent, DurableTask",${taskScheduled}}`)],
    ['first namespace, assembly DurableTaskFx', message(`{"$type":"DurableTask.History.TaskScheduledEvent, DurableTaskFx",${taskScheduled}}`)],
    ['first namespace, no assembly', message(`{"$type":"DurableTask.History.TaskScheduledEvent",${taskScheduled}}`)],
    ['wrong EventType', message(`{"$type":"DurableTask.Core.History.TaskScheduledEvent",${taskScheduled.replace('4', '5')}}`)],
  ])('%s', (_title, text) => {
    const { event } = decodeMessage(text, 'message')
    expect(event).toMatchObject({ type: 'TaskScheduled', eventId: 0, name: 'N', timestamp: '2026-11-22T02:27:04.912474Z' })
  })

  it('Tags without $type', () => {
    const { event } = decodeMessage(message(`{"$type":"DurableTask.Core.History.TaskScheduledEvent",${taskScheduled},"Tags":{"k":"v"}}`), 'message')
    expect(event).toMatchObject({ tags: { k: 'v' } })
  })

  it('EventType as text, as in table rows', () => {
    expect(decodeEvent('{"EventType":"TimerFired","TimerId":1,"FireAt":"2024-01-01T00:00:00Z","EventId":-1}', 'event').type).toBe('TimerFired')
    expect(decodeEvent('{"EventType":"13","EventId":-1}', 'event').type).toBe('OrchestratorCompleted')
  })

  it('an event without Timestamp, IsPlayed and EventType', () => {
    const text = '{"$type":"DurableTask.Core.History.EventRaisedEvent","Name":"n","EventId":-1}'
    expect(decodeEvent(text, 'event')).toStrictEqual({ type: 'EventRaised', name: 'n', eventId: -1, timestamp: '0001-01-01T00:00:00Z' })
  })

  it('members nobody knows, of event and message, come back', () => {
    const text = [
      '{"$type":"DurableTask.Core.TaskMessage","Event":{"$type":"DurableTask.Core.History.GenericEvent","Data":null,"EventType":17,"EventId":-1,"IsPlayed":true',
      '"Timestamp":"2024-01-01T00:00:00Z","New":{"a":[1]},"Long":9007199254740993},"SequenceNumber":9223372036854775807',
      '"OrchestrationInstance":{"$type":"DurableTask.Core.OrchestrationInstance","InstanceId":"abc","ExecutionId":null},"OrchestrationExecutionContext":null,"Future":1}',
    ].join(',')
    const read = decodeMessage(text, 'message')
    expect(read.extra).toStrictEqual({ SequenceNumber: 9223372036854775807n, Future: 1 })
    expect(read.event.extra).toStrictEqual({ New: { a: [1] }, Long: 9007199254740993n })
    expect(encodeMessage(read, 'azureStorage')).toBe(text)
  })

  it('both forms of a status', () => {
    const completed = (status: string): string => `{"EventType":1,"OrchestrationStatus":${status},"EventId":1,"Timestamp":"2024-01-01T00:00:00Z"}`
    for (const status of ['3', '"3"', '"Failed"']) expect(decodeEvent(completed(status), 'event')).toMatchObject({ status: 'Failed' })
  })
})

describe('an OrchestrationState that is not complete', () => {
  const times = { createdAt: '2024-01-01T00:00:00Z', lastUpdatedAt: '2024-01-01T00:00:01.5Z' } as const
  const running = { instanceId: 'i', executionId: 'e', name: 'N', status: 'Running', generation: 2, ...times } as const

  it('has .NET\'s placeholder for the time of completion', () => {
    const wire = stateToWire(running, 'plain')
    expect(wire).toMatchObject({ CompletedTime: '9999-12-30T23:59:59.9999999Z', CompressedSize: 0, Size: 0, Generation: 2 })
    expect(stateFromWire(wire, 'state')).toStrictEqual(running)
    expect(stateFromWire({ ...wire, CompletedTime: '0001-01-01T00:00:00' }, 'state')).toStrictEqual(running)
  })

  it('repeats a failure as output for .NET', () => {
    const failure = { errorType: 'TypeError', errorMessage: 'boom', isNonRetriable: false }
    const failed = { ...running, status: 'Failed', failure } as const
    const wire = stateToWire(failed, 'plain')
    expect(wire['Output']).toBe('TypeError: boom')
    expect(stateFromWire(wire, 'state')).toStrictEqual(failed)
    expect(stateFromWire({ ...wire, Output: 'other' }, 'state')).toStrictEqual({ ...failed, output: 'other' })
  })
})

describe('malformed input is refused with its place', () => {
  const target = '"OrchestrationInstance":{"InstanceId":"i"}'
  const event = (members: string): string => `{"Event":{"$type":"DurableTask.Core.History.TimerFiredEvent",${members}},${target}}`
  it.each([
    ['nonsense', '{', /^message is not valid: /],
    ['no object', '[]', /^message is not valid: expected an object, found an array/],
    ['no event', '{"OrchestrationInstance":{"InstanceId":"i"}}', /^message\.Event is not valid: it is missing/],
    ['no target', '{"Event":{"EventType":12,"EventId":-1}}', /^message\.OrchestrationInstance is not valid: it is missing/],
    ['no instance id', '{"Event":{"EventType":12,"EventId":-1},"OrchestrationInstance":{"ExecutionId":"e"}}', /^message\.OrchestrationInstance\.InstanceId is not valid: it is missing/],
    ['a member of the wrong type', event('"TimerId":[],"FireAt":"2024-01-01T00:00:00Z","EventId":-1'), /^message\.Event\.TimerId is not valid: expected an integer, found an array/],
    ['a time that is none', event('"TimerId":1,"FireAt":"soon","EventId":-1'), /^message\.Event\.FireAt is not valid: expected a time, found 'soon'/],
    ['a required member left out', event('"FireAt":"2024-01-01T00:00:00Z","EventId":-1'), /^message\.Event\.TimerId is not valid: it is missing/],
    ['a foreign type', `{"Event":{"$type":"System.IO.FileInfo, mscorlib"},${target}}`, /^message\.Event\.\$type is not valid: 'System\.IO\.FileInfo, mscorlib' is no type/],
    ['a type of ours that is no event', `{"Event":{"$type":"DurableTask.Core.TaskMessage"},${target}}`, /^message\.Event\.\$type is not valid/],
    ['a type name that is no text', `{"Event":{"$type":5},${target}}`, /^message\.Event\.\$type is not valid/],
    ['the reserved type', `{"Event":{"EventType":2,"EventId":-1},${target}}`, /^message\.Event\.EventType is not valid: '2' is no event type/],
    ['no type', `{"Event":{"EventId":-1},${target}}`, /^message\.Event is not valid: it has neither/],
    ['a sequence number that is none', `{"Event":{"EventType":12,"EventId":-1},"SequenceNumber":"x",${target}}`, /^message\.SequenceNumber is not valid/],
  ])('%s', (_title, text, expected) => {
    const error = thrownBy(() => decodeMessage(text, 'message'))
    expect(DurableError.is(error, 'DTFX_WIRE_INVALID')).toBe(true)
    expect((error as Error).message).toMatch(expected)
  })

  it('an element of a history, a nested failure, a status', () => {
    expect(() => decodeHistory('[{"EventType":12,"EventId":-1},{"EventType":13}]', 'history')).toThrow(/^history\[1\]\.EventId is not valid: it is missing/)
    expect(() => decodeHistory('{}', 'history')).toThrow(/^history is not valid: expected an array of events/)
    const failed = '{"EventType":6,"TaskScheduledId":0,"EventId":-1,"FailureDetails":{"InnerFailure":{"ErrorType":7}}}'
    expect(() => decodeEvent(failed, 'event')).toThrow(/^event\.FailureDetails\.InnerFailure\.ErrorType is not valid: expected text, found '7'/)
    expect(() => decodeEvent('{"EventType":1,"OrchestrationStatus":8,"EventId":0}', 'event')).toThrow(/^event\.OrchestrationStatus is not valid: '8' is no orchestration status/)
  })

  it('a failure nested without end', () => {
    const nested = `${'{"InnerFailure":'.repeat(300)}null${'}'.repeat(300)}`
    expect(() => decodeEvent(`{"EventType":6,"TaskScheduledId":0,"EventId":-1,"FailureDetails":${nested}}`, 'event')).toThrow(/nested more than 200 levels deep/)
  })
})

function through<T>(kind: WireKind<T>, text: string, flavour: WireFlavour): string {
  return wireText(kind.write(kind.read(parseWire(text, 'column'), 'row', 'column') as T, flavour))
}

function thrownBy(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  return undefined
}
