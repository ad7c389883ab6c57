/** The damaged messages and rows that a .NET worker was given: what it could read, we can; what it could not is told with a code, or read. Its retries for ever are not copied. */
import { describe, expect, it } from 'vitest'
import { wireText, type WireObject } from '@dtfx/core/provider'
import { decodeQueueMessage, encodeQueueMessage } from '../../src/messages/queue-message.js'
import { toQueueText } from '../../src/messages/queue-text.js'
import { eventOfRow } from '../../src/rows/history-row.js'
import { readRecordedFile } from './recording.js'

const event = { $type: 'DurableTask.Core.History.EventRaisedEvent', EventType: 15, Name: 'Go', Input: '1', ParentTraceContext: null, EventId: -1, IsPlayed: false, Timestamp: '2030-01-01T00:00:00Z' }
const target = { $type: 'DurableTask.Core.OrchestrationInstance', InstanceId: 'a', ExecutionId: null }
const taskMessage = { $type: 'DurableTask.Core.TaskMessage', Event: event, SequenceNumber: 0, OrchestrationInstance: target, OrchestrationExecutionContext: null }
const envelope = { $type: 'DurableTask.AzureStorage.MessageData', ActivityId: '5406d369-4369-4673-afae-6671a2fa1e57', TaskMessage: taskMessage, CompressedBlobName: null, SequenceNumber: 1, Sender: { InstanceId: '', ExecutionId: '' }, SerializableTraceContext: null }
const { $type: _type, ...untypedEvent } = event

function withEvent(changed: WireObject): string {
  return wireText({ ...envelope, TaskMessage: { ...taskMessage, Event: changed } })
}

function without(names: readonly string[], from: WireObject): WireObject {
  return Object.fromEntries(Object.entries(from).filter(([name]) => !names.includes(name)))
}

const messages: Readonly<Record<string, readonly [string, 'message' | 'blob' | 'invalid']>> = {
  'control: not base64': ['this is not base64!', 'invalid'],
  'control: base64 of invalid JSON': [toQueueText('{"TaskMessage":'), 'invalid'],
  'control: valid JSON, unknown outer $type': [wireText({ ...envelope, $type: 'No.Such.Type' }), 'invalid'],
  'control: valid JSON, unknown event $type': [withEvent({ ...event, $type: 'DurableTask.Core.History.NoSuchEvent' }), 'invalid'],
  // .NET needs the type of the event; EventType says as much.
  'control: no $type anywhere': [wireText({ ...without(['$type'], envelope), TaskMessage: { Event: untypedEvent, OrchestrationInstance: { InstanceId: 'a' } } }), 'message'],
  'control: $type only on the event': [wireText({ ...without(['$type'], envelope), TaskMessage: { Event: event, OrchestrationInstance: { InstanceId: 'a' } } }), 'message'],
  'control: assembly-qualified $type': [wireText({ ...envelope, $type: `${envelope.$type}, DurableTask.AzureStorage`, TaskMessage: { ...taskMessage, Event: { ...event, $type: `${event.$type}, DurableTask.Core` } } }), 'message'],
  // .NET needs it first.
  'control: $type not first property of event': [withEvent({ ...untypedEvent, $type: event.$type }), 'message'],
  // .NET fails on it.
  'control: no Sender': [wireText(without(['Sender'], envelope)), 'message'],
  'control: no ActivityId/SequenceNumber/Episode/Compressed/Trace': [wireText(without(['ActivityId', 'SequenceNumber', 'CompressedBlobName', 'SerializableTraceContext'], envelope)), 'message'],
  'control: event without EventType/IsPlayed/Timestamp': [withEvent(without(['EventType', 'IsPlayed', 'Timestamp'], event)), 'message'],
  'control: wrong numeric EventType (0) with EventRaised $type': [withEvent({ ...event, EventType: 0 }), 'message'],
  'control: minimal message (TaskMessage{Event{$type,Name,Input,EventId},OrchestrationInstance{InstanceId}})': [
    wireText({ TaskMessage: { Event: { $type: event.$type, Name: 'Go', Input: '1', EventId: -1 }, OrchestrationInstance: { InstanceId: 'a' } } }),
    'message',
  ],
  'control: extra unknown properties': [wireText({ ...envelope, Foreign: [1], TaskMessage: { ...taskMessage, Foreign: 'x', Event: { ...event, Foreign: { deep: true } } } }), 'message'],
  'control: TaskMessage null': [wireText({ ...envelope, TaskMessage: null }), 'invalid'],
  'control: CompressedBlobName of a missing blob': [wireText({ ...envelope, TaskMessage: null, CompressedBlobName: 'a/message-missing.json.gz' }), 'blob'],
  'workitems: base64 of invalid JSON': [toQueueText('{'), 'invalid'],
  'workitems: unknown event $type': [withEvent({ ...event, $type: 'Other.Event' }), 'invalid'],
  // Read; that no activity is meant is for whoever takes it.
  'workitems: not a TaskScheduled event': [wireText(envelope), 'message'],
}

const row = { EventType: 'OrchestratorCompleted', EventId: -1, IsPlayed: false }
const rows: Readonly<Record<string, readonly [Parameters<typeof eventOfRow>[0], boolean]>> = {
  'history row EventType -> NoSuchEvent': [{ ...row, EventType: 'NoSuchEvent' }, false],
  'history row with extra column': [{ ...row, Foreign: 'x' }, true],
  'history row EventType given as number "13"': [{ ...row, EventType: '13' }, true],
  'history row without EventType': [without(['EventType'], row) as typeof row, false],
}

describe('damaged input', () => {
  it.each(Object.entries(messages))('%s', (_case, [text, kind]) => {
    const decoded = decodeQueueMessage(text, 'q')
    expect(decoded.kind).toBe(kind)
    if (decoded.kind !== 'message') return
    expect(decoded.message.message.event).toMatchObject({ type: 'EventRaised', name: 'Go', input: '1' })
    const again = encodeQueueMessage(decoded.message)
    expect(again).toContain('"Event":{"$type":"DurableTask.Core.History.EventRaisedEvent"')
    expect(again).toContain('"Sender":{"InstanceId":"","ExecutionId":""}')
    if (text.includes('Foreign')) for (const kept of ['"Foreign":[1]', '"Foreign":"x"', '"Foreign":{"deep":true}']) expect(again).toContain(kept)
  })

  it.each(Object.entries(rows))('%s', (_case, [columns, isReadable]) => {
    if (isReadable) expect(eventOfRow(columns, 'row').type).toBe('OrchestratorCompleted')
    else expect(() => eventOfRow(columns, 'row')).toThrow(expect.objectContaining({ code: 'DTFX_WIRE_INVALID' }))
  })

  it('every recorded case is here', () => {
    const { cases } = readRecordedFile('1.17.5', 'malformed-input') as { cases: readonly { case: string }[] }
    const known = [...Object.keys(messages), ...Object.keys(rows), 'sentinel row deleted']
    expect(cases.map((each) => each.case).sort()).toStrictEqual(known.sort())
  })
})
