import { describe, expect, it } from 'vitest'
import { decodeHistory, encodeHistory } from '@dtfx/core/provider'
import { decodeQueueMessage, encodeBlobReference, encodeQueueMessage } from '../../src/messages/queue-message.js'
import { messageBlobName } from '../../src/messages/large-message.js'
import { fnv1a, partitionOf } from '../../src/partition-hash.js'
import { eventOfRow, historyRow } from '../../src/rows/history-row.js'
import { escapeKey, unescapeKey } from '@dtfx/azure-common'
import { readRecordedFile } from '../recordings/recording.js'
import { goldenLines, goldenSection, goldenTitles } from './golden-vectors.js'

const queueId = '5406d369-4369-4673-afae-6671a2fa1e57'

function decoded(text: string) {
  const result = decodeQueueMessage(text, queueId)
  if (result.kind !== 'message') throw new Error(JSON.stringify(result))
  return result.message
}

describe('queue messages that .NET wrote', () => {
  const titles = goldenTitles('Q ').filter((title) => title !== 'Q wrapper')

  it.each(titles)('%s', (title) => {
    const text = goldenSection(title)
    const message = decoded(text)
    expect(message.extra).toBeUndefined()
    const own = encodeQueueMessage(message).replace(/,"Dtfx":\{[^}]*\}\}$/, '}')
    // What an orchestration starts has tags on the real wire (see the recordings); this text was made by hand, without.
    expect(title.includes('sub-orch') ? own.replace(/"OrchestrationExecutionContext":\{.*?\}\}/, '"OrchestrationExecutionContext":null') : own).toBe(text)
  })

  it('are all that there are', () => {
    expect(titles).toHaveLength(12)
  })

  it('the reference to a blob', () => {
    const text = goldenSection('Q wrapper')
    const blobName = 'abc/message-5406d36943694673afae6671a2fa1e57-ExecutionStarted.json.gz'
    expect(decodeQueueMessage(text, queueId)).toStrictEqual({ kind: 'blob', blobName, waiting: {} })
    expect(encodeBlobReference(blobName)).toBe(text)
    expect(messageBlobName(decoded(goldenSection('Q ExecutionStarted (client)')))).toBe(blobName)
  })

  it('the members that a .NET reader needs are there, and ours are behind them', () => {
    const { sender: _, ...message } = decoded(goldenSection('Q EventRaised (client)'))
    const text = encodeQueueMessage({ ...message, replyTo: 'r', deliverAt: '2030-01-01T00:00:00Z', faultCount: 2, enqueuedAt: '2029-01-01T00:00:00Z' })
    expect(text).toMatch(/"Event":\{"\$type":"DurableTask\.Core\.History\.EventRaisedEvent",/)
    expect(text).toContain('"Sender":{"InstanceId":"","ExecutionId":""}')
    expect(text).toMatch(/,"Dtfx":\{"Id":"5406d36943694673afae6671a2fa1e57","ReplyTo":"r","DeliverAt":"2030-01-01T00:00:00Z","Faults":2,"EnqueuedAt":"2029-01-01T00:00:00Z"\}\}$/)
  })
})

describe('History cells that .NET wrote', () => {
  it.each(goldenTitles('col ').filter((title) => !title.includes('null')))('%s', (title) => {
    const column = title.slice('col '.length)
    const text = goldenSection(title)
    const isFailure = column === 'FailureDetails'
    const type = isFailure ? 'TaskFailed' : 'ExecutionStarted'
    const required = isFailure ? { TaskScheduledId: 0 } : { Name: 'Hello', OrchestrationInstance: '{"InstanceId":"abc","ExecutionId":"e"}' }
    const event = eventOfRow({ EventType: type, EventId: -1, _Timestamp: { type: 'DateTime', value: '2024-05-06T07:08:09.1234567Z' }, ...required, [column]: text }, 'row')
    expect(historyRow(event, 'e')[column]).toBe(text)
  })

  it('null where there is none', () => {
    expect(goldenSection('col TaskScheduledEvent Tags null')).toBe('null')
    expect(historyRow({ type: 'TaskScheduled', eventId: 0, timestamp: '2024-05-06T07:08:09Z', name: 'Hello' }, 'e')['Tags']).toBe('null')
  })

  it('rows of an exported history give it again', () => {
    const exported = goldenSection('GetOrchestrationHistoryAsync')
    const events = decodeHistory(exported, 'history')
    const rows = events.map((event) => historyRow(event, 'e'))
    expect(encodeHistory(rows.map((row) => eventOfRow(row, 'row')), 'plain')).toBe(encodeHistory(events.map((event) => eventOfRow(historyRow(event, 'e'), 'row')), 'plain'))
    expect(encodeHistory(rows.map((row) => eventOfRow(row, 'row')), 'plain')).toBe(exported.replaceAll('"Version":""', '"Version":null'))
  })
})

describe('partition hash', () => {
  it.each(goldenLines('hash'))('%s', (id, hash, mod4, mod16) => {
    expect(fnv1a(id as string)).toBe(Number(hash))
    expect(`mod4=${partitionOf(id as string, 4)}`).toBe(mod4)
    expect(`mod16=${partitionOf(id as string, 16)}`).toBe(mod16)
  })

  it("agrees with .NET's own function on 42 ids", () => {
    const { samples } = readRecordedFile('1.17.5', 'partition-mapping') as { samples: readonly ({ instanceId: string; fnv1a32: number } & Record<string, number | string>)[] }
    expect(samples).toHaveLength(42)
    for (const sample of samples) {
      expect(fnv1a(sample.instanceId)).toBe(sample.fnv1a32)
      for (const count of [1, 2, 3, 4, 7, 16]) expect(partitionOf(sample.instanceId, count)).toBe(sample[`partitionOf${count}`])
    }
  })
})

describe('partition keys', () => {
  it('as .NET escapes them', () => {
    const lines = goldenLines('key').map(([id = '', key = '']) => [id, key.replace(/\\u([0-9a-f]{4})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))])
    const ids = ['a/b\\c#d?e^f', 'x\ny', '\u007f\u0080\u009f', 'plain']
    expect(lines).toHaveLength(4)
    for (const [index, id] of ids.entries()) {
      expect(escapeKey(id)).toBe(lines[index]?.[1])
      expect(unescapeKey(lines[index]?.[1] as string)).toBe(id)
    }
  })
})
