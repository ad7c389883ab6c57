/** Bodies, session states and rows as .NET writes them: ours are the same to the letter, but for members, columns and properties that .NET does not look at. */
import { dtfxError, type InstanceState, type TaskMessage, type WireObject } from '@dtfx/core/provider'
import { describe, expect, it } from 'vitest'
import { brokerMessage, decodeBody, outgoingMessage } from '../../src/messages/bus-message.js'
import { decodeSession, encodeReference, encodeSession, nothingStored } from '../../src/sessions/session-state.js'
import { dotnetTextLength, historyColumns, historyPartition, historyRowKey, jumpStartPartition, stateColumns, stateOfColumns, stateRowKey } from '../../src/tracking/dotnet-rows.js'
import { trackedMessage } from '../../src/tracking/tracked-batch.js'
import { trackingMessages } from '../../src/tracking/tracking-messages.js'
import { goldenSection } from './golden-vectors.js'

const executionId = '0123456789abcdef0123456789abcdef'

function decoded(json: string): TaskMessage {
  const body = decodeBody(json)
  if ('problem' in body) throw dtfxError('DTFX_WIRE_INVALID', { what: 'the body', problem: body.problem })
  return body.message
}

describe('bodies', () => {
  it.each(['ExecutionStarted', 'TaskScheduled', 'TaskFailed'])('%s', (name) => {
    const text = goldenSection(`SB body ${name}`)
    const outgoing = outgoingMessage({ id: 'x', target: { kind: 'instance', instanceId: 'abc' }, message: decoded(text) }, { sender: 's', faultCount: 1, deliveries: 2, enqueuedAt: '2024-05-06T07:08:09Z' })
    expect(outgoing.body).toBe(text)
    const { applicationProperties, ...properties } = brokerMessage(outgoing, { bytes: Buffer.alloc(0), isCompressed: true, blobKey: 'message-20240506|abc/e/m' })
    expect(applicationProperties).toMatchObject({ CompressionType: 'gzip', MessageBlobKey: 'message-20240506|abc/e/m' })
    expect(Object.keys(applicationProperties ?? {}).filter((key) => !key.startsWith('Dtfx')).sort()).toEqual(['CompressionType', 'MessageBlobKey'])
    expect(properties).toEqual({ body: Buffer.alloc(0), messageId: name === 'ExecutionStarted' ? `abc_${executionId}` : 'x', sessionId: 'abc' })
  })

  it('HistoryState is read', () => {
    const { states } = trackedMessage(decoded(goldenSection('SB body HistoryState')))
    expect(states).toMatchObject([{ state: { instanceId: 'abc', executionId, name: 'Hello', status: 'Completed', input: '"i"', output: '"o"', tags: { k: 'v' }, createdAt: '2024-05-06T07:08:09.1234567Z' } }])
    expect(states[0]?.commit).toBeUndefined()
  })

  it('the state that we track has the members of .NET in their order, and one more', () => {
    const golden = JSON.parse(goldenSection('SB body HistoryState')) as WireObject
    const { state } = trackedMessage(decoded(goldenSection('SB body HistoryState'))).states[0] ?? {}
    const bodies = trackingMessages('abc', { ...nothingStored, state, sequence: 7, checkpointId: 'c', tracking: { from: 0 } }).map(({ body }) => JSON.parse(body) as WireObject)
    const own = bodies.find(({ Event: event }) => String((event as WireObject)['$type']).includes('HistoryState'))
    expect(Object.keys(own ?? {}).filter((key) => key !== 'Dtfx')).toEqual(Object.keys(golden))
    const [ours, theirs] = [own, golden].map((message) => (message?.['Event'] as WireObject)['State'] as WireObject)
    expect(Object.keys(ours ?? {})).toEqual(expect.arrayContaining(Object.keys(theirs ?? {})))
    for (const key of ['Name', 'Version', 'OrchestrationStatus', 'Input', 'Output', 'Tags', 'CreatedTime', 'CompletedTime', 'OrchestrationInstance']) expect(ours?.[key]).toEqual(theirs?.[key])
  })

  it('.NET takes a body without $type at its root, and so do we; one without the assembly neither takes', () => {
    const text = goldenSection('SB body TaskScheduled')
    expect(decoded(text.replace('"$type":"DurableTask.Core.TaskMessage, DurableTask.Core",', '')).event).toMatchObject({ type: 'TaskScheduled', name: 'SayHello', input: '["x"]' })
    expect(outgoingMessage({ id: 'x', target: { kind: 'activity' }, message: decoded(text) }).body).toContain('"Event":{"$type":"DurableTask.Core.History.TaskScheduledEvent, DurableTask.Core"')
  })

  it("what is older than that is told apart by its missing property; it is never taken for a message", () => {
    expect(decodeBody(goldenSection('SB legacy DataContract XML'))).toMatchObject({ code: 'DTFX_WIRE_INVALID' })
  })
})

describe('the state of a session', () => {
  const text = goldenSection('SB session state')

  it('is written as .NET writes it, and one member behind it', () => {
    const stored = decodeSession(JSON.parse(text), 'abc')
    expect(stored).toMatchObject({ sequence: 0, inputs: [], outbox: [], state: { status: 'Running', name: 'Hello', input: '"input"' } })
    const written = encodeSession({ ...stored, sequence: 3, checkpointId: 'c', inputs: ['1'] })
    const { Dtfx: own, ...rest } = JSON.parse(written) as WireObject
    expect(own).toMatchObject({ Sequence: 3, Checkpoint: 'c', Inputs: ['1'] })
    expect(JSON.stringify(rest)).toBe(text)
    expect(written.startsWith(text.slice(0, -1))).toBe(true)
  })

  it('in a blob has the same reference', () => {
    const golden = goldenSection('SB session state blob')
    const { BlobKey: key } = JSON.parse(golden) as { BlobKey: string }
    const { Dtfx: _own, ...rest } = JSON.parse(encodeReference({ ...nothingStored, sequence: 1, checkpointId: 'c' }, key)) as WireObject
    expect(JSON.stringify(rest)).toBe(golden)
  })

  it('is read in the older forms that .NET reads', () => {
    const { Events: events } = JSON.parse(text) as WireObject
    for (const older of [events, { Events: events }]) expect(decodeSession(older, 'abc').events).toEqual(decodeSession(JSON.parse(text), 'abc').events)
  })
})

describe('rows', () => {
  const state: InstanceState = { instanceId: 'abc', executionId, name: 'Hello', status: 'Running', generation: 0, createdAt: '2024-05-06T07:08:09.1234567Z', lastUpdatedAt: '2024-05-06T07:08:09.1234567Z', tags: { k: 'v' }, input: '"i"' }

  it('of a state', () => {
    const columns = stateColumns(state)
    expect(columns['Tags']).toBe(goldenSection('SB instance-store Tags column'))
    expect(columns).toMatchObject({
      OrchestrationStatus: 'Running',
      Version: '',
      Input: '"i"',
      CreatedTime: { type: 'DateTime', value: '2024-05-06T07:08:09.1234567Z' },
      CompletedTime: { type: 'DateTime', value: '9999-12-30T23:59:59.9999999Z' },
      ScheduledStartTime: { type: 'DateTime', value: '1601-01-01T00:00:00.0000000Z' },
      Size: { type: 'Int64', value: '0' },
    })
    expect([stateRowKey('abc', 'e'), historyPartition('abc'), historyRowKey('e', 12)]).toEqual(['ID_EID_abc_e', 'IH_abc', 'EID_SEQ_e_12'])
    expect(jumpStartPartition('2024-05-06T07:08:09.1234567Z')).toBe('0638505760891234567')
    expect(stateOfColumns(columns, 'row', { payloads: true })).toEqual({ ...state, tags: undefined, input: '"i"' })
  })

  it('of an event', () => {
    const [, , event] = decodeSession(JSON.parse(goldenSection('SB session state')), 'abc').events
    if (event === undefined) expect.fail('no event')
    const { columns, whole } = historyColumns({ instanceId: 'abc', executionId, index: 2, event })
    expect(columns).toMatchObject({ InstanceId: 'abc', ExecutionId: executionId, SequenceNumber: 2, HistoryEvent: goldenSection('SB history column') })
    expect(whole).toBeUndefined()
  })

  it('long texts are cut where .NET cuts them, and what .NET has cut is not taken for whole', () => {
    const long = JSON.stringify('x'.repeat(dotnetTextLength))
    const columns = stateColumns({ ...state, input: long })
    expect(columns['Input']).toBe(long.slice(0, 15_360))
    expect(() => stateOfColumns(columns, 'row', { payloads: true })).toThrow(expect.objectContaining({ code: 'DTFX_PAYLOAD_TRUNCATED' }) as Error)
    expect(stateOfColumns(columns, 'row', { payloads: false })).toMatchObject({ status: 'Running' })
  })
})
