/** The histories that .NET wrote, read from their rows, replay with the TypeScript versions of the same orchestrations. */
import { describe, expect, it } from 'vitest'
import { failureText, type HistoryEventOf } from '@dtfx/core/provider'
import { replayHistory } from '@dtfx/testing'
import { lenient, notReplayed } from '../../../core/test/recordings/catalogue.js'
import { dotnetOrchestrations } from '../../../core/test/recordings/orchestrations.js'
import { historiesOf, type RecordedHistory } from './histories.js'
import { readRecording, recordedScenarios, recordedVersions } from './recording.js'

type End = HistoryEventOf<'ExecutionCompleted'>

function endOf({ events }: RecordedHistory): End | undefined {
  return events.findLast((event): event is End => event.type === 'ExecutionCompleted')
}

describe.each(recordedVersions)('histories of DurableTask.AzureStorage %s', (version) => {
  const replayed = recordedScenarios(version).filter((scenario) => !(scenario in notReplayed))

  it.each(replayed)('%s', async (scenario) => {
    const recording = readRecording(version, scenario)
    const orchestrations = dotnetOrchestrations(recording.settings, true)
    const histories = historiesOf(recording)
    expect(histories.length).toBeGreaterThan(0)
    for (const history of histories) {
      const end = endOf(history) as End
      const outcome = await replayHistory(orchestrations, history.events)
      expect(outcome.status).toBe(end.status)
      if (end.status === 'Completed') expect(outcome.output).toStrictEqual(JSON.parse(end.result as string))
      else if (end.status === 'Failed' && lenient[scenario]?.failureText === undefined) expect(failureText(outcome.failure as never)).toContain(end.result as string)
    }
  })

  it('nearly all are replayed', () => {
    expect(replayed).toHaveLength(43)
  })

  it('nondeterministic is reported', async () => {
    const recording = readRecording(version, 'nondeterministic')
    const [history] = historiesOf(recording)
    await expect(replayHistory(dotnetOrchestrations(recording.settings, true), (history as RecordedHistory).events)).rejects.toThrow(/activity 'Square'/)
  })

  it.each(['unknown-activity', 'unknown-activity-failure-details'])('%s has no end, and its only turn replays', async (scenario) => {
    const recording = readRecording(version, scenario)
    const [history] = historiesOf(recording)
    const outcome = await replayHistory(dotnetOrchestrations(recording.settings, true), (history as RecordedHistory).events)
    expect(outcome.status).toBe('Running')
  })

  it.each(['unknown-orchestration', 'unknown-version'])('%s has no history', (scenario) => {
    expect(historiesOf(readRecording(version, scenario))).toStrictEqual([])
  })
})
