import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareTicks, splitTimerId, type HistoryEvent } from '@dtfx/core/provider'
import { canonicalTicks } from '@dtfx/azure-common'
import { isEntityMessage } from '../../src/messages/entity-message.js'
import { episodeOf, replyToOf } from '../../src/messages/episode-id.js'
import { activityIdOf, isLargeMessage, messageBlobName } from '../../src/messages/large-message.js'
import { decodeQueueMessage, encodeBlobReference, encodeQueueMessage, idOfQueueMessage, type QueueMessage } from '../../src/messages/queue-message.js'
import { fromQueueText, toQueueText } from '../../src/messages/queue-text.js'
import { eventOfRow, historyRow } from '../../src/rows/history-row.js'

const timestamp = '2030-01-02T03:04:05.0000001Z'
const raised: HistoryEvent = { type: 'EventRaised', eventId: -1, timestamp, name: 'Go' }
const hexId = '0123456789abcdef0123456789abcdef'

function messageWith(part: Partial<QueueMessage>): QueueMessage {
  return { message: { event: raised, instance: { instanceId: 'a' } }, id: hexId, sequenceNumber: 1, activityId: activityIdOf(hexId), faultCount: 0, ...part }
}

const anyText = fc.string({ unit: 'binary', maxLength: 20 })
const anyEvent: fc.Arbitrary<HistoryEvent> = fc.oneof(
  fc.record({ name: anyText, input: anyText }).map((part) => ({ ...raised, ...part }) as HistoryEvent),
  fc.record({ result: anyText, taskScheduledId: fc.nat() }).map((part) => ({ type: 'TaskCompleted', eventId: -1, timestamp, ...part }) as HistoryEvent),
  fc.record({ timerId: fc.constantFrom(0, 7, splitTimerId) }).map(({ timerId }) => ({ type: 'TimerFired', eventId: -1, timestamp, timerId, fireAt: timestamp }) as HistoryEvent),
  fc.record({ name: anyText, input: anyText }).map((part) => ({ type: 'TaskScheduled', eventId: 3, timestamp, messageId: hexId, ...part }) as HistoryEvent),
)

describe('queue messages', () => {
  it('come back as they were, whatever their texts hold', () => {
    const envelope = fc.record(
      {
        id: fc.oneof(fc.constant(hexId), anyText.filter((text) => text !== '')),
        replyTo: anyText.filter((text) => text !== ''),
        sender: anyText.filter((text) => text !== ''),
        senderExecutionId: anyText.filter((text) => text !== ''),
        deliverAt: fc.constant(timestamp),
        enqueuedAt: fc.constant(timestamp),
        episode: fc.nat(),
        faultCount: fc.nat(9),
        sequenceNumber: fc.oneof(fc.nat(), fc.constant(9007199254740993n)),
        extra: fc.constantFrom({ SerializableTraceContext: 'trace' }, { Foreign: { deep: [1] } }),
      },
      { requiredKeys: ['id', 'faultCount', 'sequenceNumber'] },
    )
    fc.assert(
      fc.property(envelope, anyEvent, anyText, (part, event, instanceId) => {
        const message = messageWith({ ...part, message: { event, instance: { instanceId } } })
        expect(decodeQueueMessage(toQueueText(encodeQueueMessage(message)), 'q')).toStrictEqual({ kind: 'message', message })
      }),
    )
  })

  it('control characters and those that XML cannot carry survive', () => {
    const message = messageWith({ message: { event: { ...raised, input: '\u0000\u0001\ufffe\uffff\ud800"' } as HistoryEvent, instance: { instanceId: 'a' } } })
    expect(decodeQueueMessage(toQueueText(encodeQueueMessage(message)), 'q')).toStrictEqual({ kind: 'message', message })
    expect(toQueueText(encodeQueueMessage(message))).toMatch(/^[A-Za-z0-9+/]+=*$/)
  })

  it.each([
    ['nothing', ''],
    ['no Base64', 'hello!'],
    ['Base64 of no text', Buffer.from([0xff, 0xfe, 0x00]).toString('base64')],
    ['Base64 of no JSON', Buffer.from('hello').toString('base64')],
    ['an array', toQueueText('[]')],
    ['cut JSON', '{"TaskMessage":'],
    ['no message in it', '{"TaskMessage":null}'],
    ['an event of unknown type', '{"TaskMessage":{"Event":{"$type":"DurableTask.Core.History.NewEvent"},"OrchestrationInstance":{"InstanceId":"a"}}}'],
    ['no target', '{"TaskMessage":{"Event":{"EventType":12}}}'],
    ['an event without its members', '{"TaskMessage":{"Event":{"EventType":5},"OrchestrationInstance":{"InstanceId":"a"}}}'],
  ])('%s is told apart, and does not throw', (_what, text) => {
    expect(decodeQueueMessage(text, 'q')).toMatchObject({ kind: 'invalid', code: 'DTFX_WIRE_INVALID', problem: expect.any(String) as unknown })
  })

  it('the target of one that cannot be read is told where it can be', () => {
    const text = '{"TaskMessage":{"Event":{"EventType":99},"OrchestrationInstance":{"InstanceId":"@entity@k"}}}'
    expect(decodeQueueMessage(text, 'q')).toMatchObject({ kind: 'invalid', instanceId: '@entity@k' })
  })

  it('no text makes the reader throw', () => {
    const broken = fc.tuple(fc.nat(), fc.string()).map(([at, text]) => {
      const json = encodeQueueMessage(messageWith({}))
      return json.slice(0, at % json.length) + text + json.slice((at % json.length) + text.length)
    })
    fc.assert(fc.property(fc.oneof(broken, broken.map(toQueueText), fc.string()), (text) => ['message', 'blob', 'invalid'].includes(decodeQueueMessage(text, 'q').kind)))
  })

  it('what .NET leaves out is what it means: no sender, no sequence, its own id', () => {
    const text = '{"TaskMessage":{"Event":{"$type":"DurableTask.Core.History.EventRaisedEvent, DurableTask.Core","Name":"Go","EventId":-1},"OrchestrationInstance":{"InstanceId":"a"}}}'
    expect(decodeQueueMessage(text, '5406D369-4369-4673-afae-6671a2fa1e57')).toStrictEqual({
      kind: 'message',
      message: {
        message: { event: { type: 'EventRaised', eventId: -1, timestamp: '0001-01-01T00:00:00.000Z', name: 'Go' }, instance: { instanceId: 'a' } },
        id: '5406d36943694673afae6671a2fa1e57',
        faultCount: 0,
        sequenceNumber: 0,
        activityId: '00000000-0000-0000-0000-000000000000',
      },
    })
    expect(idOfQueueMessage('other')).toBe('other')
  })

  it('a version is never null on the wire, and absent here when it is empty', () => {
    const scheduled = messageWith({ message: { event: { type: 'TaskScheduled', eventId: 0, timestamp, name: 'A' }, instance: { instanceId: 'a' } } })
    const text = encodeQueueMessage(scheduled)
    expect(text).toContain('"Version":""')
    expect(text).toContain('"OrchestrationExecutionContext":{"$type":"DurableTask.Core.OrchestrationExecutionContext","OrchestrationTags":{')
    expect(decodeQueueMessage(text, 'q')).toStrictEqual({ kind: 'message', message: scheduled })
  })

  it('a reference keeps what changes while the message waits', () => {
    const waiting = { id: 'm', deliverAt: timestamp, faultCount: 3, enqueuedAt: timestamp }
    expect(decodeQueueMessage(toQueueText(encodeBlobReference('a/b', waiting)), 'q')).toStrictEqual({ kind: 'blob', blobName: 'a/b', waiting })
  })
})

describe('times', () => {
  it.each([
    ['2030-01-02T03:04:05Z', '2030-01-02T03:04:05.000Z'],
    ['2030-01-02T03:04:05.12Z', '2030-01-02T03:04:05.120Z'],
    ['2030-01-02T03:04:05.1230000Z', '2030-01-02T03:04:05.123Z'],
    ['2030-01-02T03:04:05.12345Z', '2030-01-02T03:04:05.1234500Z'],
    ['2030-01-02T03:04:05.0000001Z', '2030-01-02T03:04:05.0000001Z'],
  ])('%s', (ticks, canonical) => {
    expect(canonicalTicks(ticks)).toBe(canonical)
    expect(compareTicks(ticks, canonical)).toBe(0)
  })

  it('are the same text from a queue and from a table', () => {
    const event: HistoryEvent = { type: 'TimerFired', eventId: -1, timestamp: '2030-01-02T03:04:05.120Z', timerId: 1, fireAt: '2030-01-02T03:04:05.100Z' }
    const decoded = decodeQueueMessage(encodeQueueMessage(messageWith({ message: { event, instance: { instanceId: 'a' } } })), 'q')
    expect(decoded.kind === 'message' && decoded.message.message.event).toStrictEqual(event)
    expect(eventOfRow(historyRow(event, 'e'), 'row')).toStrictEqual(event)
  })
})

describe('text of the queue', () => {
  it.each([
    ['{"a":1}', '{"a":1}'],
    ['  {"a":1}\n', '{"a":1}'],
    ['eyJhIjoxfQ==', '{"a":1}'],
    [Buffer.from('\ufeff{}').toString('base64'), '{}'],
    ['eyJhIjoxfQ', undefined],
    ['äöü', undefined],
  ])('%s', (text, json) => {
    expect(fromQueueText(text)).toBe(json)
  })
})

describe('large messages', () => {
  it.each([
    ['a'.repeat(45 * 1024), false],
    ['a'.repeat(45 * 1024 + 1), true],
    ['é'.repeat(22 * 1024), false],
    ['é'.repeat(23 * 1024), true],
    ['€'.repeat(15 * 1024), false],
    ['€'.repeat(15 * 1024 + 1), true],
  ])('of %#', (json, isLarge) => {
    expect(isLargeMessage(json)).toBe(isLarge)
  })

  it('are named after their target as it is, and after their id', () => {
    expect(activityIdOf(hexId)).toBe('01234567-89ab-cdef-0123-456789abcdef')
    expect(activityIdOf('re:x')).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    expect(activityIdOf('re:x')).not.toBe(activityIdOf('re:y'))
    const message = messageWith({ message: { event: raised, instance: { instanceId: 'a/b#c' } } })
    expect(messageBlobName(message)).toBe(`a/b#c/message-${hexId}-EventRaised.json.gz`)
  })
})

describe('episodes', () => {
  const scheduled = 'ffffffff00000000ffffffff00000000'
  const completed: HistoryEvent = { type: 'TaskCompleted', eventId: -1, timestamp, taskScheduledId: 0 }
  const episode = episodeOf(scheduled)

  it('are 31 bits of the id, and never change', () => {
    expect(episode).toBe(0x7fffffff)
    expect(episodeOf('0123456789abcdef0123456789abcdef')).toBe(0x0123_4567 >>> 1)
    expect(episodeOf('re:x')).toBe(episodeOf('re:x'))
    fc.assert(fc.property(fc.string(), (id) => Number.isInteger(episodeOf(id)) && episodeOf(id) >= 0 && episodeOf(id) < 2 ** 31))
  })

  it.each([
    ['an echo of ours', { event: completed, episode }, scheduled, scheduled],
    ['an echo of another attempt', { event: completed, episode: 5 }, scheduled, 'episode:5'],
    ['an answer of ours', { event: completed, replyTo: 'r', episode: 5 }, scheduled, 'r'],
    ['an answer to what .NET scheduled', { event: completed, episode: 5 }, undefined, undefined],
    ['an answer without an echo', { event: completed }, scheduled, undefined],
    ['an answer that counts episodes', { event: { type: 'TimerFired', eventId: -1, timestamp, timerId: 0, fireAt: timestamp }, episode: 5 }, scheduled, undefined],
  ] as const)('%s', (_what, reply, scheduledId, replyTo) => {
    expect(replyToOf(reply, scheduledId)).toBe(replyTo)
  })
})

describe('entities', () => {
  it.each([
    ['to an entity', messageWith({ message: { event: raised, instance: { instanceId: '@counter@k' } } }), true],
    ['from an entity', messageWith({ sender: '@counter@k' }), true],
    ['of others', messageWith({ sender: 'a@b' }), false],
  ])('%s', (_what, message, isEntity) => {
    expect(isEntityMessage(message)).toBe(isEntity)
  })
})
