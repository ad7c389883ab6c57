import { describe, expect, it } from 'vitest'
import { canonicalScenario, type Scenario } from './canonical-scenario.js'
import { compareScenarios, scenarioOf } from './compare-scenarios.js'
import { readRecording, recordedScenarios, recordedVersions, type RecordedVersion } from './recording.js'

/** The programme that was recorded had another name for each version, which its payloads mention. */
function recorded(version: RecordedVersion, scenario: string): Scenario {
  return scenarioOf(JSON.parse(JSON.stringify(readRecording(version, scenario)).replaceAll(', anchor29', ', anchor')) as ReturnType<typeof readRecording>)
}

/** Differences of the two versions of .NET that are not in what is left out. */
const differencesOfVersions: Readonly<Record<string, readonly RegExp[]>> = {
  // 1.17 does not record the tags of a child in its parent's history.
  'fire-and-forget': [/^instance ff-1: decisions 0 \(SubOrchestrationInstanceCreated\): Tags: nothing produced/],
}

describe('two recordings of one scenario, by 1.17.5 and by 2.9.1, are equal', () => {
  it.each(recordedScenarios('2.9.1'))('%s', (scenario) => {
    const differences = compareScenarios(recorded('1.17.5', scenario), recorded('2.9.1', scenario))
    const expected = differencesOfVersions[scenario] ?? []
    expect(differences.filter((each) => !expected.some((known) => known.test(each)))).toStrictEqual([])
    expect(differences).toHaveLength(expected.length)
  })
})

describe.each(recordedVersions)('a run of %s is equal to itself in every turn', (version) => {
  it.each(recordedScenarios(version))('%s', (scenario) => {
    const run = recorded(version, scenario)
    expect(compareScenarios(run, run, { turns: 'exact' })).toStrictEqual([])
  })
})

describe('what is compared', () => {
  const run = recorded('2.9.1', 'sub-orchestration-auto-id')

  function changed(change: (text: string) => string): Scenario {
    const scenario = { ...run, blobs: [...run.blobs] }
    const copy = JSON.parse(change(JSON.stringify(scenario))) as typeof scenario
    return { ...copy, blobs: new Map(copy.blobs) }
  }

  it('names ids by whom they belong to', () => {
    expect(Object.keys(canonicalScenario(run).instances)).toStrictEqual(['<execution 1 of parent-2>:0', 'parent-2'])
    expect(canonicalScenario(run).messages.some((text) => text.includes('<execution 1 of (execution 1 of parent-2):0>'))).toBe(true)
  })

  it.each([
    ['other execution ids', (text: string) => text.replaceAll('12c57037cc84422a8b6d7ed553b883e4', 'f'.repeat(32))],
    ['child ids of ours', (text: string) => text.replaceAll('12c57037cc84422a8b6d7ed553b883e4:0', '12c57037cc84422a8b6d7ed553b883e4:0:0a1b2c3d')],
    ['other times', (text: string) => text.replaceAll('2026-11-22T06:46', '2027-01-01T00:00')],
    ['another hub', (text: string) => text.replaceAll('recsuborchestrationautoid', 'mine')],
    ['columns of ours', (text: string) => text.replaceAll('"EventType":', '"MessageId":"m","EventType":')],
    ['members of ours', (text: string) => text.replaceAll(String.raw`\"SerializableTraceContext\":null`, String.raw`\"SerializableTraceContext\":null,\"Dtfx\":{\"Id\":\"m\"}`)],
  ])('%s make no difference', (_what, change) => {
    const other = changed(change)
    expect(JSON.stringify(other)).not.toBe(JSON.stringify(run))
    expect(compareScenarios(other, run, { turns: 'exact' })).toStrictEqual([])
  })

  it.each([
    ['a result', (text: string) => text.replace(String.raw`"Result":"\"Hello in!\""`, '"Result":"1"'), /inputs \d+ \(TaskCompleted\): Result: "1" produced/],
    ['an id of a task', (text: string) => text.replace('"EventId":0,', '"EventId":7,'), /decisions 0 \(\w+\): EventId: 7 produced, 0 recorded/],
    ['a type of column', (text: string) => text.replace('"TaskScheduledId":0', '"TaskScheduledId":"0"'), /TaskScheduledId: "0" produced, 0 recorded/],
    ['a status', (text: string) => text.replace('"RuntimeStatus":"Completed"', '"RuntimeStatus":"Running"'), /Instances row: RuntimeStatus/],
    ['an instance', (text: string) => text.replaceAll('"partitionKey":"parent-2"', '"partitionKey":"parent-3"'), /instance parent-3: only produced/],
    ['a member of a message', (text: string) => text.replace(String.raw`\"Name\":\"Hello\"`, String.raw`\"Name\":\"Bye\"`), /message only produced: workitems .*"Name":"Bye"/],
    ['the queue of a message', (text: string) => text.replace('-workitems"', '-control-00"'), /message only recorded: workitems/],
    ['played or not', (text: string) => text.replace('"IsPlayed":true', '"IsPlayed":false'), /IsPlayed: false produced, true recorded/],
  ])('%s makes one', (_what, change, line) => {
    const differences = compareScenarios(changed(change), run)
    expect(differences.some((each) => line.test(each))).toBe(true)
  })

  it('a turn more makes a difference only where turns are counted', () => {
    const last = run.history.filter(({ partitionKey, rowKey }) => partitionKey === 'parent-2' && rowKey === '0000000000000007').map((row) => ({ ...row, rowKey: '0000000000000008' }))
    const other = { ...run, history: [...run.history, ...last] }
    expect(last).toHaveLength(1)
    expect(compareScenarios(other, run)).toStrictEqual([])
    expect(compareScenarios(other, run, { turns: 'exact' })).toStrictEqual(['instance parent-2: rows: 9 produced, 8 recorded'])
  })
})
