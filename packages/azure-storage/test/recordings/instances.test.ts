/** Instances rows of .NET: read as the client that was recorded read them, and written again. */
import { describe, expect, it } from 'vitest'
import { compareTicks, failureText, isFinal, type InstanceState } from '@dtfx/core/provider'
import { decodeQueueMessage } from '../../src/messages/queue-message.js'
import { instanceColumns, instanceOf } from '../../src/rows/instance-row.js'
import { blobsOfInstanceRow, blobUrl, isStartMessageBlob, withTexts } from '../../src/rows/large-columns.js'
import { type Row, unescapeKey } from '@dtfx/azure-common'
import { expectedInstance } from './differences.js'
import { blobTexts, containerUrlOf, readRecording, recordedScenarios, recordedVersions, rowsOf, type Recording } from './recording.js'

/** What the recorded client was told of an instance. */
interface Fact {
  readonly InstanceId: string
  readonly ExecutionId: string
  readonly Name: string
  readonly OrchestrationStatus: string
  readonly Input: string | null
  readonly Output: string | null
  readonly CreatedTime: string
  readonly LastUpdatedTime: string
  readonly Generation: number | null
}

function wholeRow(recording: Recording, columns: Row): Row {
  const texts = blobTexts(recording)
  const pairs = blobsOfInstanceRow(columns, containerUrlOf(recording)).flatMap(({ column, blobName }) => {
    const text = texts.get(blobName)
    expect(blobUrl(containerUrlOf(recording), blobName)).toBe(columns[column])
    return text === undefined ? [] : [[column, isStartMessageBlob(blobName) ? inputOf(text) : text]]
  })
  return withTexts(columns, Object.fromEntries(pairs) as Record<string, string>)
}

function inputOf(text: string): string {
  const decoded = decodeQueueMessage(text, 'q')
  if (decoded.kind !== 'message' || decoded.message.message.event.type !== 'ExecutionStarted') throw new Error('no start message')
  return decoded.message.message.event.input as string
}

function lastFact({ facts }: Recording, { instanceId, executionId, status }: InstanceState): Fact | undefined {
  const all = facts.map(({ v }) => v as Fact | null).filter((v) => v?.InstanceId === instanceId && v.ExecutionId === executionId && v.OrchestrationStatus === status)
  return all.at(-1) ?? undefined
}

describe.each(recordedVersions)('Instances rows of DurableTask.AzureStorage %s', (version) => {
  it.each(recordedScenarios(version))('%s', (scenario) => {
    const recording = readRecording(version, scenario)
    for (const { partitionKey, columns } of rowsOf(recording, 'Instances')) {
      const whole = wholeRow(recording, columns)
      const instanceId = unescapeKey(partitionKey)
      const record = instanceOf(whole, instanceId, partitionKey)
      const { state } = record
      expect(state.extra).toBeUndefined()
      expect(state.completedAt !== undefined).toBe(isFinal(state.status))
      expect(instanceColumns(record, recording.taskHub)).toMatchObject(expectedInstance(whole, version))
      const fact = lastFact(recording, state)
      if (fact === undefined) continue
      expect([state.name, state.input ?? null, state.generation]).toStrictEqual([fact.Name, fact.Input, fact.Generation ?? 0])
      expect(compareTicks(state.createdAt, fact.CreatedTime)).toBe(0)
      const text = state.failure === undefined ? (state.output ?? null) : state.failure.errorType === 'Error' ? state.failure.errorMessage : failureText(state.failure)
      if (isFinal(state.status)) expect(text).toBe(fact.Output)
    }
  })

  it('the facts are looked at', () => {
    const seen = recordedScenarios(version).flatMap((scenario) => {
      const recording = readRecording(version, scenario)
      return rowsOf(recording, 'Instances').filter(({ partitionKey, columns }) => lastFact(recording, instanceOf(wholeRow(recording, columns), unescapeKey(partitionKey), '').state) !== undefined)
    })
    expect(seen.length).toBeGreaterThan(40)
  })
})
