/** What this framework writes otherwise than the recorded versions of .NET. Everything that is not listed here must be equal, field by field. */
import type { Row } from '@dtfx/azure-common'
import type { RecordedVersion } from './recording.js'

export interface Difference {
  readonly version: RecordedVersion | 'both'
  readonly where: string
  readonly why: string
  /** The recorded columns as we write them. */
  readonly row?: (columns: Row) => Row
  /** The recorded text as we write it. */
  readonly text?: (text: string) => string
}

const isEvent = (type: string) => (columns: Row) => columns['EventType'] === type
const adding =
  (applies: (columns: Row) => boolean, added: Row) =>
  (columns: Row): Row =>
    applies(columns) ? { ...added, ...columns } : columns

const ownLibrary = '[[System.String, System.Private.CoreLib],[System.String, System.Private.CoreLib]]'
const anyLibrary = '[[System.String, mscorlib],[System.String, mscorlib]]'

/** Before `member` of objects of type `of` comes what DurableTask.Core 3.9 writes there and 2.17 did not. */
const inserting =
  (of: string, before: RegExp, member: string) =>
  (text: string): string =>
    text.includes(`"$type":"DurableTask.Core.${of}"`) ? text.replace(before, (found) => member + found) : text

/** Properties of failures inside JSON cells. */
const withProperties = (columns: Row): Row =>
  typeof columns['FailureDetails'] === 'string' ? { ...columns, FailureDetails: columns['FailureDetails'].replaceAll(/(?<="IsNonRetriable":false)}/g, ',"Properties":null}') } : columns

export const historyDifferences: readonly Difference[] = [
  { version: '1.17.5', where: 'ExecutionStarted', why: '2.9 writes the text null for objects without a value, and GenerateNewTrace', row: adding(isEvent('ExecutionStarted'), { ParentInstance: 'null', Tags: 'null', ParentTraceContext: 'null', GenerateNewTrace: false }) },
  { version: '1.17.5', where: 'TaskScheduled', why: 'as above', row: adding(isEvent('TaskScheduled'), { Tags: 'null', ParentTraceContext: 'null' }) },
  { version: '1.17.5', where: 'EventRaised', why: 'as above', row: adding(isEvent('EventRaised'), { ParentTraceContext: 'null' }) },
  { version: '1.17.5', where: 'SubOrchestrationInstanceCreated', why: 'as above', row: adding(isEvent('SubOrchestrationInstanceCreated'), { Tags: 'null' }) },
  { version: '1.17.5', where: 'ExecutionCompleted', why: 'as above', row: adding(isEvent('ExecutionCompleted'), { FailureDetails: 'null' }) },
  { version: '1.17.5', where: 'TaskFailed', why: 'as above', row: adding(isEvent('TaskFailed'), { FailureDetails: 'null' }) },
  { version: '1.17.5', where: 'SubOrchestrationInstanceFailed', why: 'as above', row: adding(isEvent('SubOrchestrationInstanceFailed'), { FailureDetails: 'null' }) },
  { version: '1.17.5', where: 'FailureDetails', why: '2.9 has Properties in every failure', row: withProperties },
]

export const messageDifferences: readonly Difference[] = [
  { version: 'both', where: 'dictionaries', why: 'a runtime names its own library, we name the one that every .NET resolves', text: (text) => text.replaceAll(ownLibrary, anyLibrary) },
  { version: '1.17.5', where: 'ExecutionStarted', why: 'member of 2.9', text: inserting('History.ExecutionStartedEvent', /"EventId":-?\d+,"IsPlayed":/, '"GenerateNewTrace":false,') },
  { version: '1.17.5', where: 'TaskScheduled', why: 'member of 2.9', text: inserting('History.TaskScheduledEvent', /"EventId":-?\d+,"IsPlayed":/, '"Tags":null,') },
  { version: '1.17.5', where: 'FailureDetails', why: 'member of 2.9', text: inserting('FailureDetails', /(?<="IsNonRetriable":false)}/g, ',"Properties":null') },
]

export function expectedRow(columns: Row, version: RecordedVersion): Row {
  return historyDifferences.filter((each) => each.version === version || each.version === 'both').reduce((row, { row: change }) => change?.(row) ?? row, columns)
}

export function expectedText(text: string, version: RecordedVersion): string {
  return messageDifferences.filter((each) => each.version === version || each.version === 'both').reduce((changed, { text: change }) => change?.(changed) ?? changed, text)
}

export const instanceDifferences: readonly Difference[] = [
  {
    version: 'both',
    where: 'Output of a failure whose type .NET did not record',
    why: 'a failure of ours always has a type; such a row of .NET is final, and not written again',
    row: (columns) => (columns['RuntimeStatus'] === 'Failed' && typeof columns['Output'] === 'string' && !/^[\w.`+]+: /.test(columns['Output']) ? { ...columns, Output: `Error: ${columns['Output']}` } : columns),
  },
]

export function expectedInstance(columns: Row, version: RecordedVersion): Row {
  return instanceDifferences.filter((each) => each.version === version || each.version === 'both').reduce((row, { row: change }) => change?.(row) ?? row, columns)
}
