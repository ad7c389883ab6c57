import { describe, expect, it } from 'vitest'
import { parseWire, wireText, type WireObject } from '../../src/serialization/wire-json.js'
import { decodeEvent, encodeEvent } from '../../src/serialization/wire-history.js'
import { messageFromWire, messageToWire } from '../../src/serialization/wire-message.js'
import { readRecording, recordedScenarios, recordedVersions } from '../recordings/recording.js'
import { instancesOf } from '../recordings/rows-to-history.js'

/** Dictionaries: a runtime names its own library, we name the one that every .NET resolves. */
const ownLibrary = '[[System.String, System.Private.CoreLib],[System.String, System.Private.CoreLib]]'
const anyLibrary = '[[System.String, mscorlib],[System.String, mscorlib]]'

/** Members that DurableTask.Core 3.9 writes and 2.17 did not, each with the place where it comes. */
const newSince217 = [
  { of: 'History.ExecutionStartedEvent', before: /"EventId":-?\d+,"IsPlayed":/, member: '"GenerateNewTrace":false,' },
  { of: 'History.TaskScheduledEvent', before: /"EventId":-?\d+,"IsPlayed":/, member: '"Tags":null,' },
  { of: 'FailureDetails', before: /(?<="IsNonRetriable":false)}/g, member: ',"Properties":null' },
] as const

/** The text we expect for a recorded one: itself, but for the differences above. */
function expectedText(recorded: string, version: string): string {
  let text = recorded.replaceAll(`"$type":"System.Collections.Generic.Dictionary\`2${ownLibrary}"`, `"$type":"System.Collections.Generic.Dictionary\`2${anyLibrary}"`)
  if (version !== '1.17.5') return text
  for (const { of, before, member } of newSince217) {
    if (text.includes(`"$type":"DurableTask.Core.${of}"`)) text = text.replace(before, (found) => member + found)
  }
  return text
}

describe.each(recordedVersions)('queue messages of DurableTask.AzureStorage %s', (version) => {
  it.each(recordedScenarios(version))('%s', (scenario) => {
    for (const recorded of readRecording(version, scenario).messages) {
      const envelope = parseWire(recorded, 'message') as WireObject
      if (envelope['TaskMessage'] === null) continue
      const message = messageFromWire(envelope['TaskMessage'], 'TaskMessage')
      expect(message.extra).toBeUndefined()
      expect(message.event.extra).toBeUndefined()
      expect(wireText({ ...envelope, TaskMessage: messageToWire(message, 'azureStorage') })).toBe(expectedText(recorded, version))
    }
  })

  it('holds messages of these types', () => {
    const types = new Set(
      recordedScenarios(version).flatMap((scenario) =>
        readRecording(version, scenario)
          .messages.map((text) => (parseWire(text, 'message') as WireObject)['TaskMessage'])
          .filter((message) => message !== null)
          .map((message) => messageFromWire(message, 'TaskMessage').event.type),
      ),
    )
    expect([...types].sort()).toStrictEqual([
      'EventRaised',
      'ExecutionResumed',
      'ExecutionStarted',
      'ExecutionSuspended',
      'ExecutionTerminated',
      'GenericEvent',
      'SubOrchestrationInstanceCompleted',
      'SubOrchestrationInstanceFailed',
      'TaskCompleted',
      'TaskFailed',
      'TaskScheduled',
      'TimerFired',
    ])
  })
})

describe.each(recordedVersions)('histories of DurableTask.AzureStorage %s', (version) => {
  it.each(recordedScenarios(version))('%s', (scenario) => {
    for (const { instanceId, history } of instancesOf(readRecording(version, scenario).history)) {
      expect(instanceId).not.toBe('')
      for (const event of history) {
        // Only what a rewind turned into a GenericEvent has columns of another type of event.
        if (event.type !== 'GenericEvent') expect(event.extra).toBeUndefined()
        const text = encodeEvent(event, 'plain')
        expect(encodeEvent(decodeEvent(text, 'event'), 'plain')).toBe(text)
      }
    }
  })
})
