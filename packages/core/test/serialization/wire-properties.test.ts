import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Ticks } from '../../src/base/ticks.js'
import type { FailureDetails } from '../../src/errors/failure-details.js'
import { eventTypeNumbers, type HistoryEvent } from '../../src/model/events.js'
import {
  statusNumbers,
  type InstanceState,
  type OrchestrationInstance,
  type OrchestrationStatus,
  type ParentInstance,
  type Tags,
  type TraceContext,
} from '../../src/model/instance.js'
import type { TaskMessage } from '../../src/model/message.js'
import { dateToWire } from '../../src/serialization/wire-date.js'
import type { WireFlavour } from '../../src/serialization/wire-flavour.js'
import { decodeEvent, decodeHistory, encodeEvent, encodeHistory } from '../../src/serialization/wire-history.js'
import { decodeMessage, encodeMessage } from '../../src/serialization/wire-message.js'

// `deepStrictEqual` instead of `toStrictEqual`, which takes a member named `constructor` for the type of the object.

/** Only the types that exist: `ExecutionFailed` is reserved. */
const types = (Object.keys(eventTypeNumbers) as (keyof typeof eventTypeNumbers)[]).filter((type): type is HistoryEvent['type'] => type !== 'ExecutionFailed')
const flavours: readonly WireFlavour[] = ['azureStorage', 'serviceBus', 'plain']

const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 12 }), fc.constantFrom('', '\u0085\u2028\u2029', '"$type"', '{"a":[1]}'))
const id = fc.integer({ min: -1, max: 2 ** 31 - 1 })
const ticks: fc.Arbitrary<Ticks> = fc
  .tuple(fc.date({ min: new Date('0002-01-01'), max: new Date('9998-01-01'), noInvalidDate: true }), fc.integer({ min: 0, max: 9_999_999 }))
  .map(([date, fraction]) => dateToWire(`${date.toISOString().slice(0, 19)}.${String(fraction).padStart(7, '0')}Z`))
const name = text.filter((key) => key !== '$type')
const extraName = fc.oneof(text.map((key) => `X${key}`), fc.constantFrom('__proto__', 'constructor', 'toString'))
const extra = fc.array(fc.tuple(extraName, json()), { minLength: 1, maxLength: 3 }).map((entries) => Object.fromEntries(entries))
const tags: fc.Arbitrary<Tags> = fc.dictionary(name, text, { maxKeys: 3, noNullPrototype: true })
const instance: fc.Arbitrary<OrchestrationInstance> = present({ instanceId: text }, { executionId: text })
const parent: fc.Arbitrary<ParentInstance> = present({ name: text, instance, taskScheduleId: id }, { version: text })
const trace: fc.Arbitrary<TraceContext> = present({ traceParent: text }, { traceState: text, id: text, spanId: text, activityStartTime: text })
const status = fc.constantFrom(...(Object.keys(statusNumbers) as OrchestrationStatus[]))
const failure: fc.Arbitrary<FailureDetails> = fc.letrec<{ failure: FailureDetails }>((tie) => ({
  failure: present(
    { errorType: text, errorMessage: text, isNonRetriable: fc.boolean() },
    {
      stackTrace: text,
      innerFailure: fc.oneof({ maxDepth: 3 }, fc.constant(undefined), tie('failure')),
      properties: fc.dictionary(name, json(), { maxKeys: 3, noNullPrototype: true }),
    },
  ),
})).failure
const state: fc.Arbitrary<InstanceState> = present(
  { instanceId: text, executionId: text, name: text, status, generation: fc.nat(), createdAt: ticks, lastUpdatedAt: ticks },
  { version: text, input: text, output: text, failure, customStatus: text, tags, parent, completedAt: ticks, scheduledStartAt: ticks, extra },
)

/** Members of each type: those that are always there, and those that may be absent. */
const members: { readonly [T in HistoryEvent['type']]: readonly [Record<string, fc.Arbitrary<unknown>>, Record<string, fc.Arbitrary<unknown>>] } = {
  ExecutionStarted: [
    { instance, name: text },
    {
      ...{ parent, version: text, input: text, tags, correlation: text, parentTraceContext: trace, messageId: text, seedExecutionId: text },
      ...{ scheduledStartTime: ticks, generation: fc.nat(), generateNewTrace: fc.constant(true) },
    },
  ],
  ExecutionCompleted: [{ status }, { result: text, failure }],
  ContinueAsNew: [{ status }, { result: text, failure }],
  ExecutionTerminated: [{}, { input: text, recursive: fc.constant(true) }],
  TaskScheduled: [{ name: text }, { version: text, input: text, parentTraceContext: trace, tags, messageId: text }],
  TaskCompleted: [{ taskScheduledId: id }, { result: text }],
  TaskFailed: [{ taskScheduledId: id }, { reason: text, details: text, failure }],
  SubOrchestrationInstanceCreated: [{ name: text, instanceId: text }, { version: text, input: text, clientSpanId: text, tags, messageId: text }],
  SubOrchestrationInstanceCompleted: [{ taskScheduledId: id }, { result: text }],
  SubOrchestrationInstanceFailed: [{ taskScheduledId: id }, { reason: text, details: text, failure }],
  TimerCreated: [{ fireAt: ticks }, { messageId: text }],
  TimerFired: [{ timerId: id, fireAt: ticks }, {}],
  OrchestratorStarted: [{}, {}],
  OrchestratorCompleted: [{}, {}],
  EventSent: [{ instanceId: text, name: text }, { input: text }],
  EventRaised: [{ name: text }, { input: text, parentTraceContext: trace }],
  GenericEvent: [{}, { data: text }],
  HistoryState: [{}, { state }],
  ExecutionSuspended: [{}, { reason: text }],
  ExecutionResumed: [{}, { reason: text }],
  ExecutionRewound: [{}, { reason: text, parentExecutionId: text, instanceId: text, parentTraceContext: trace, messageId: text, previousMessageId: text }],
}

const eventOf = (type: HistoryEvent['type']): fc.Arbitrary<HistoryEvent> =>
  present({ type: fc.constant(type), eventId: id, timestamp: ticks, ...members[type][0] }, { isPlayed: fc.constant(true), extra, ...members[type][1] })
const anyEvent = fc.constantFrom(...types).chain(eventOf)

describe('the codec', () => {
  it('knows all 21 types', () => expect(types).toHaveLength(21))

  it.each(types)('%s comes back as it was, in every flavour, and is written the same again', (type) => {
    fc.assert(
      fc.property(eventOf(type), fc.constantFrom(...flavours), (event, flavour) => {
        const json = encodeEvent(event, flavour)
        const read = decodeEvent(json, 'event')
        deepStrictEqual(read, event)
        expect(encodeEvent(read, flavour)).toBe(json)
        expect(json).not.toMatch(/[\u0085\u2028\u2029]/)
      }),
    )
  })

  it('a history comes back as it was, indented or not', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 5 }), (events) => {
        deepStrictEqual(decodeHistory(encodeHistory(events, 'plain'), 'history'), events)
        for (const event of events) deepStrictEqual(decodeEvent(encodeEvent(event, 'serviceBus', 2), 'event'), event)
      }),
    )
  })

  it('a message comes back as it was', () => {
    const sequenceNumber = fc.oneof(fc.integer({ min: 1 }), fc.bigInt({ min: 2n ** 53n + 1n, max: 2n ** 63n - 1n }).filter((n) => String(Number(n)) !== String(n)))
    const messageExtra = fc.oneof(extra, sequenceNumber.map((SequenceNumber) => ({ SequenceNumber })))
    const message: fc.Arbitrary<TaskMessage> = present({ event: anyEvent, instance }, { orchestrationTags: tags, extra: messageExtra })
    fc.assert(
      fc.property(message, fc.constantFrom(...flavours), (sent, flavour) => {
        const json = encodeMessage(sent, flavour)
        const read = decodeMessage(json, 'message')
        deepStrictEqual(read, sent)
        expect(encodeMessage(read, flavour)).toBe(json)
      }),
    )
  })

  it('an absent member and an undefined one are written alike', () => {
    const event = { type: 'TaskCompleted', eventId: -1, timestamp: '2024-01-01T00:00:00Z', taskScheduledId: 1 } as const
    expect(encodeEvent({ ...event, result: undefined, isPlayed: false }, 'plain')).toBe(encodeEvent(event, 'plain'))
  })

  it('members of ours are written only when present', () => {
    const event = { type: 'ExecutionTerminated', eventId: -1, timestamp: '2024-01-01T00:00:00Z' } as const
    expect(encodeEvent(event, 'plain')).toBe('{"EventType":3,"Input":null,"EventId":-1,"IsPlayed":false,"Timestamp":"2024-01-01T00:00:00Z"}')
    expect(encodeEvent({ ...event, recursive: true }, 'plain')).toMatch(/"Timestamp":"2024-01-01T00:00:00Z","Recursive":true}$/)
  })

  it('an extra never replaces a member that is known', () => {
    const event = { type: 'GenericEvent', eventId: -1, timestamp: '2024-01-01T00:00:00Z', data: 'd', extra: { Data: 'x', $type: 'y', EventType: 1 } } as const
    expect(encodeEvent(event, 'plain')).toBe('{"Data":"d","EventType":17,"EventId":-1,"IsPlayed":false,"Timestamp":"2024-01-01T00:00:00Z"}')
  })

  it('reads arbitrary JSON, or refuses it with DTFX_WIRE_INVALID', () => {
    const almost = fc.record({ EventType: fc.oneof(fc.nat({ max: 25 }), fc.string()), EventId: json(), Name: json(), Tags: json(), FailureDetails: json() })
    const arbitrary = fc.oneof(
      fc.json(),
      almost.map((value) => JSON.stringify(value)),
    )
    fc.assert(
      fc.property(arbitrary, (json) => {
        try {
          decodeEvent(json, 'event')
        } catch (error) {
          expect(error).toMatchObject({ code: 'DTFX_WIRE_INVALID' })
        }
      }),
    )
  })
})

/** A record whose optional members are absent rather than undefined. */
function present<T>(always: Record<string, fc.Arbitrary<unknown>>, maybe: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<T> {
  return fc
    .record({ ...always, ...maybe }, { requiredKeys: Object.keys(always), noNullPrototype: true })
    .map((value) => Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T)
}

/** JSON values as JSON text can hold them (−0 cannot be). */
function json(): fc.Arbitrary<unknown> {
  return fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown)
}
