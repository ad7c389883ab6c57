import { describe, expect, it } from 'vitest'
import { canonicalTicks, escapeKey, type Row, unescapeKey } from '@dtfx/azure-common'
import { isEntityMessage } from '../../src/messages/entity-message.js'
import { isLargeMessage, messageBlobName } from '../../src/messages/large-message.js'
import { decodeQueueMessage, encodeBlobReference, encodeQueueMessage, type DecodedQueueMessage } from '../../src/messages/queue-message.js'
import { toQueueText } from '../../src/messages/queue-text.js'
import { controlQueueOf, hubNames } from '../../src/names.js'
import { eventOfRow, historyRow } from '../../src/rows/history-row.js'
import { blobsOfHistoryRow, withTexts } from '../../src/rows/large-columns.js'
import { historyRowKey, indexOfRowKey, sentinelRowKey } from '../../src/rows/row-key.js'
import { sentinelColumns, sentinelOf } from '../../src/rows/sentinel-row.js'
import { expectedRow, expectedText, historyDifferences, messageDifferences } from './differences.js'
import { blobTexts, readRecording, recordedScenarios, recordedVersions, rowsOf, type Recording, type RecordedMessage } from './recording.js'

const queueId = '5406d369-4369-4673-afae-6671a2fa1e57'

describe.each(recordedVersions)('queue messages of DurableTask.AzureStorage %s', (version) => {
  it.each(recordedScenarios(version))('%s', (scenario) => {
    const recording = readRecording(version, scenario)
    expect(recording.queueMessagesPut.length).toBeGreaterThan(0)
    for (const put of recording.queueMessagesPut) {
      const decoded = decodeQueueMessage(put.bodyText, queueId)
      expect(decodeQueueMessage(toQueueText(put.bodyText), queueId)).toStrictEqual(decoded)
      if (decoded.kind === 'blob') expectLarge(recording, decoded)
      else expectSame(recording, put, decoded, version)
    }
  })
})

function expectSame(recording: Recording, put: RecordedMessage, decoded: DecodedQueueMessage, version: (typeof recordedVersions)[number]): void {
  if (decoded.kind !== 'message') throw new Error(JSON.stringify(decoded))
  const { message } = decoded
  expect(message.id).toBe('5406d36943694673afae6671a2fa1e57')
  expect(isEntityMessage(message)).toBe(false)
  expect(withoutOwn(encodeQueueMessage(message))).toBe(expectedText(put.bodyText, version))
  expect(decodeQueueMessage(encodeQueueMessage(message), 'another')).toStrictEqual(decoded)
  const { event, instance } = message.message
  const names = hubNames(recording.taskHub, 4)
  expect(put.queue).toBe(event.type === 'TaskScheduled' ? names.workItemQueue : controlQueueOf(names, instance.instanceId))
}

function expectLarge(recording: Recording, decoded: Extract<DecodedQueueMessage, { kind: 'blob' }>): void {
  const text = blobTexts(recording).get(decoded.blobName)
  if (text === undefined) {
    expect(recording.scenario).toBe('purge')
    return
  }
  const inner = decodeQueueMessage(text, queueId)
  if (inner.kind !== 'message') throw new Error(JSON.stringify(inner))
  expect(isLargeMessage(text)).toBe(true)
  expect(messageBlobName(inner.message)).toBe(decoded.blobName)
  expect(decodeQueueMessage(encodeBlobReference(decoded.blobName), queueId)).toStrictEqual(decoded)
}

function withoutOwn(text: string): string {
  return text.replace(/,"Dtfx":\{[^}]*\}\}$/, '}')
}

describe.each(recordedVersions)('History rows of DurableTask.AzureStorage %s', (version) => {
  it.each(recordedScenarios(version))('%s', (scenario) => {
    const recording = readRecording(version, scenario)
    const texts = blobTexts(recording)
    for (const { partitionKey, rowKey, columns } of rowsOf(recording, 'History')) {
      expect(escapeKey(unescapeKey(partitionKey))).toBe(partitionKey)
      if (rowKey === sentinelRowKey) {
        expectSentinel(columns)
        continue
      }
      expect(historyRowKey(indexOfRowKey(rowKey) as number)).toBe(rowKey)
      const whole = withTexts(columns, Object.fromEntries(blobsOfHistoryRow(columns).map(({ column, blobName }) => [column, texts.get(blobName) as string])))
      const event = eventOfRow(whole, `${partitionKey}/${rowKey}`)
      if (event.type !== 'GenericEvent') expect(event.extra).toBeUndefined()
      const again = historyRow(event, String(columns['ExecutionId']))
      expect(again).toStrictEqual(expectedRow(whole, version))
      expect(eventOfRow(again, 'again')).toStrictEqual(event)
    }
  })
})

function expectSentinel(columns: Row): void {
  const sentinel = sentinelOf(columns, 'sentinel')
  expect(sentinel).toStrictEqual({
    executionId: columns['ExecutionId'],
    isComplete: true,
    completedAt: canonicalTicks((columns['CheckpointCompletedTimestamp'] as { value: string }).value),
    checkpointId: undefined,
    openCheckpointId: undefined,
    part: 0,
    rowCount: undefined,
    eventCount: undefined,
    state: undefined,
    consumedIds: { deleted: [], pending: [] },
    sequence: 0,
  })
  expect(sentinelColumns({ ...sentinel, checkpointId: 'c', eventCount: 0 })).toMatchObject(columns)
}

describe('the table of differences', () => {
  it.each([...historyDifferences, ...messageDifferences].map((each) => [`${each.where} (${each.version})`, each] as const))('%s is needed', (_what, { version, row, text }) => {
    const versions = version === 'both' ? recordedVersions : [version]
    const isUsed = versions.some((each) =>
      recordedScenarios(each).some((scenario) => {
        const recording = readRecording(each, scenario)
        const isRowChanged = row !== undefined && rowsOf(recording, 'History').some(({ columns }) => JSON.stringify(row(columns)) !== JSON.stringify(columns))
        return isRowChanged || (text !== undefined && recording.queueMessagesPut.some(({ bodyText }) => text(bodyText) !== bodyText))
      }),
    )
    expect(isUsed).toBe(true)
  })
})
