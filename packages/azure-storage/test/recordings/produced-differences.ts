/**
 * What our own runs of the recorded scenarios leave behind otherwise than .NET did, each with its reason. What is ours beside it (columns, the member `Dtfx`, ids) is listed in `canonical-scenario.ts`,
 * and Base64 text is told apart nowhere: both sides read either.
 */
import type { Scenario } from './canonical-scenario.js'

export interface ProducedDifference {
  /** Scenarios it is seen in, of which a test proves that each shows it. */
  readonly scenarios: readonly string[]
  readonly why: string
  /** Lines of `compareScenarios`. */
  readonly lines?: readonly RegExp[]
  /** The recorded texts as ours are written. */
  readonly recorded?: (json: string) => string
}

const childRow = (parent: string): RegExp => new RegExp(`^instance [^ ].*: Instances row: ParentInstance: "\\{\\\\"Name\\\\":\\\\"${parent}\\\\".* produced, nothing recorded$`)

export const producedDifferences: readonly ProducedDifference[] = [
  {
    scenarios: ['timer-1s', 'unawaited-timer', 'object-input'],
    why: '.NET writes a double without fraction as 1.0, JavaScript as 1',
    recorded: (json) => json.replaceAll(/(?<=[:[{\\"]-?\d+)\.0(?=[,}\]\\"])/g, ''),
  },
  {
    scenarios: ['continue-as-new-3', 'continue-as-new-events'],
    why: 'our generation counts continue-as-new as well, .NET only what clients start anew; it compares the number where the execution id of a start is not that of the row, which it is here',
    lines: [/^instance can-\d: inputs \d \(ExecutionStarted\): Generation: [23] produced, nothing recorded$/, /^instance can-\d: Instances row: Generation: [23] produced, 0 recorded$/],
  },
  {
    scenarios: ['same-id', 'same-id-throw-dedupe'],
    why: 'a start that takes the place of another has no generation of ours (see above)',
    lines: [
      /^instance dup-1: (inputs 1 \(ExecutionStarted\)|Instances row): Generation: 0 produced, 2 recorded$/,
      /^message only produced: control .*"EventType":0,"Generation":0,.*"<execution [23] of dup-1>"/,
      /^message only recorded: control .*"EventType":0,"Generation":[12],.*"<execution [23] of dup-1>"/,
    ],
  },
  {
    scenarios: ['same-id', 'same-id-throw-dedupe'],
    why: 'a live instance is ended before its id is used anew; .NET writes the new execution over it',
    lines: [/^message only produced: control .*"EventType":3,"Input":"replaced by a new start".*"<execution 1 of dup-1>"/],
  },
  {
    scenarios: ['sub-orchestration', 'sub-orchestration-auto-id', 'sub-orchestration-fails', 'sub-orchestration-fails-failure-details', 'sub-orchestration-fails-include-details', 'fire-and-forget', 'purge'],
    why: 'a column of ours, which has the name of one that .NET has in History only: for queries by parent',
    lines: ['Parent', 'ParentAutoId', 'ParentOfFailingChild', 'FireAndForget'].map(childRow),
  },
  {
    scenarios: ['fire-and-forget'],
    why: '1.17 does not record the tags of a child in the history of its parent',
    lines: [/^instance ff-1: decisions 0 \(SubOrchestrationInstanceCreated\): Tags: .* produced, nothing recorded$/],
  },
  {
    scenarios: ['large-messages'],
    why: 'an Instances row has blobs of its own, because it is also written where the history is not known; .NET shows those of the history. Both are found by their URL',
    lines: [/^instance large-1: Instances row: (Input|Output): "<container>\/large-1\/history--\w+-.*\.json\.gz" produced, "<container>\/large-1\/history-0.*\.json\.gz" recorded$/, /^instance large-1: Instances row: (Input|Output|StartMessages)BlobName: .* produced, nothing recorded$/],
  },
  {
    scenarios: ['nondeterministic'],
    why: 'what a replay decides otherwise is not carried out: the failure comes first. .NET schedules it, and fails when the answer comes',
    lines: [/^instance nd-1: decisions: 2 produced, 3 recorded$/, /^instance nd-1: decisions 1 \(ExecutionCompleted\): /, /^instance nd-1: inputs 1 \(TaskCompleted\): IsPlayed: true produced, false recorded$/, /^message only recorded: (control .*"Result":"9"|workitems .*"Name":"Square")/],
  },
  {
    scenarios: ['purge'],
    why: 'a running instance is not purged; the client of this test ends it before',
    lines: [/^message only produced: control .*"EventType":3,"Input":"because".*"running-1"/],
  },
  {
    scenarios: ['rewind'],
    why: 'the worker that owns the instance rewinds, on condition of the sentinel, and leaves out what is undone; a .NET client writes over rows that a worker may be writing, and keeps decisions that break the replay. The execution has a new id, which tells late answers apart',
    lines: [
      /^instance rewind-1: decisions: 3 produced, 7 recorded$/,
      /^instance rewind-1: decisions [12] \(\w+\): /,
      /^instance rewind-1: (decisions 0 \(TaskScheduled\)|inputs [012] \(\w+\)|Instances row): (ExecutionId|OrchestrationInstance): .*<execution 2 of rewind-1>.* produced, .*<execution 1 of rewind-1>.* recorded$/,
      /^message only produced: control .*("EventType":11,.*"TimerId":-100|"EventType":21,.*"Reason":"try again"|"EventType":5,.*ok after 2)/,
      /^message only produced: workitems .*"Name":"Flaky"/,
      /^message only recorded: control .*("Data":"try again","EventId":-1,"EventType":17|"EventType":5,.*ok after 2)/,
      /^message only recorded: workitems .*"Name":"Flaky"/,
    ],
  },
]

export function differencesIn(scenario: string): readonly ProducedDifference[] {
  return producedDifferences.filter(({ scenarios }) => scenarios.includes(scenario))
}

/** Lines that no difference explains. */
export function unexplained(scenario: string, lines: readonly string[]): readonly string[] {
  const known = differencesIn(scenario).flatMap((each) => each.lines ?? [])
  return lines.filter((line) => !known.some((each) => each.test(line)))
}

/** Differences that say nothing: of 1.17 or of 2.9, one of both has to show each of their lines. */
export function unused(scenario: string, lines: readonly string[]): readonly string[] {
  return differencesIn(scenario).filter((each) => each.lines?.some((line) => lines.some((text) => line.test(text))) === false).map(({ why }) => why)
}

/** A recorded run with what is always written otherwise changed, so that the rest can be compared. */
export function asOurs(scenario: string, { blobs, ...recorded }: Scenario): Scenario {
  const json = differencesIn(scenario).reduce((text, { recorded: change }) => change?.(text) ?? text, JSON.stringify(recorded))
  return { ...(JSON.parse(json) as Omit<Scenario, 'blobs'>), blobs }
}
