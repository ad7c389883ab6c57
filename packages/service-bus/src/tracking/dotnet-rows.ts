/**
 * The rows that .NET's clients read: a state for each execution, and its history. Pure.
 * .NET cuts inputs and outputs, and events that are too long; what we cut for it stands whole elsewhere. What .NET has cut is recognised, and never taken for whole.
 */
import { dateCell, escapeKey, textCell, ticksOf, withEmptyVersion, type Cell, type Row } from '@dtfx/azure-common'
import { dtfxError, encodeEvent, eventToWire, failureText, statusNumbers, wireParts, wireText, type HistoryEvent, type InstanceState, type OrchestrationStatus, type Ticks } from '@dtfx/core/provider'

/** .NET's limit of a text in a row, in characters. */
export const dotnetTextLength = 15 * 1024
/** .NET's times of what has not come yet. */
const neverBefore: Ticks = '1601-01-01T00:00:00Z'
const notCompleted: Ticks = '9999-12-30T23:59:59.9999999Z'

export const statePartition = 'IS'

export function stateRowKey(instanceId: string, executionId: string): string {
  return `ID_EID_${escapeKey(instanceId)}_${executionId}`
}

export function historyPartition(instanceId: string): string {
  return `IH_${escapeKey(instanceId)}`
}

export function historyRowKey(executionId: string, index: number): string {
  return `EID_SEQ_${executionId}_${index}`
}

/** .NET's row of a state; also, with the time of the try, of a start that is about to be sent. */
export function stateColumns(state: InstanceState): Row {
  const output = state.output ?? (state.failure === undefined ? undefined : failureText(state.failure))
  const columns: Record<string, Cell> = {
    InstanceId: state.instanceId,
    ExecutionId: state.executionId,
    ...(state.parent === undefined ? undefined : { ParentInstanceId: state.parent.instance.instanceId, ParentExecutionId: state.parent.instance.executionId ?? '' }),
    Name: state.name,
    Version: state.version ?? '',
    ...(state.customStatus === undefined ? undefined : { Status: cut(state.customStatus) }),
    ...(state.tags === undefined ? undefined : { Tags: cut(wireText(wireParts.tags.write(state.tags, 'serviceBus'))) }),
    OrchestrationStatus: state.status,
    CreatedTime: dateCell(state.createdAt),
    CompletedTime: dateCell(state.completedAt ?? notCompleted),
    LastUpdatedTime: dateCell(state.lastUpdatedAt),
    Size: { type: 'Int64', value: '0' },
    CompressedSize: { type: 'Int64', value: '0' },
    ...(state.input === undefined ? undefined : { Input: cut(state.input) }),
    ...(output === undefined ? undefined : { Output: cut(output) }),
    ScheduledStartTime: dateCell(state.scheduledStartAt ?? neverBefore),
    TaskTimeStamp: dateCell(state.completedAt ?? notCompleted),
  }
  return columns
}

/** Of a row that only .NET wrote. A text of exactly .NET's limit was cut. @throws DTFX_WIRE_INVALID, DTFX_PAYLOAD_TRUNCATED */
export function stateOfColumns(columns: Row, place: string, options: { readonly payloads: boolean }): InstanceState {
  const [instanceId, status, createdAt] = [textCell(columns['InstanceId']), textCell(columns['OrchestrationStatus']), ticksOf(columns['CreatedTime'])]
  if (instanceId === undefined || status === undefined || !Object.hasOwn(statusNumbers, status) || createdAt === undefined) throw dtfxError('DTFX_WIRE_INVALID', { what: place, problem: 'it has no InstanceId, OrchestrationStatus or CreatedTime' })
  const text = (name: string): string | undefined => {
    const value = textCell(columns[name])
    if (value !== undefined && value.length === dotnetTextLength) throw dtfxError('DTFX_PAYLOAD_TRUNCATED', { instanceId, what: `'${name}' of instance '${instanceId}'`, limit: dotnetTextLength })
    return value
  }
  const [input, output] = options.payloads ? [text('Input'), text('Output')] : []
  const completedAt = ticksOf(columns['CompletedTime'])
  const isCompleted = completedAt !== undefined && !completedAt.startsWith('9999-') && !completedAt.startsWith('1601-')
  const scheduledStartAt = ticksOf(columns['ScheduledStartTime'])
  const version = textCell(columns['Version'])
  const customStatus = textCell(columns['Status'])
  return {
    instanceId,
    executionId: textCell(columns['ExecutionId']) ?? '',
    name: textCell(columns['Name']) ?? '',
    status: status as OrchestrationStatus,
    generation: 0,
    createdAt,
    lastUpdatedAt: ticksOf(columns['LastUpdatedTime']) ?? createdAt,
    ...(version === undefined || version === '' ? undefined : { version }),
    ...(customStatus === undefined || customStatus === '' ? undefined : { customStatus }),
    ...(input === undefined ? undefined : { input }),
    ...(output === undefined || status === 'Failed' ? undefined : { output }),
    ...(status === 'Failed' ? { failure: { errorType: 'Error', errorMessage: output ?? '', isNonRetriable: false } } : undefined),
    ...(isCompleted ? { completedAt } : undefined),
    ...(scheduledStartAt === undefined || scheduledStartAt.startsWith('1601-') ? undefined : { scheduledStartAt }),
  }
}

export interface HistoryRowOf {
  readonly instanceId: string
  readonly executionId: string
  readonly index: number
  readonly event: HistoryEvent
}

/** `whole` is the event where .NET's column has only its beginning. */
export function historyColumns({ instanceId, executionId, index, event }: HistoryRowOf): { readonly columns: Row; readonly whole: string | undefined } {
  const json = wireText(withEmptyVersion(eventToWire(event, 'serviceBus')), 2)
  const isLong = json.length > dotnetTextLength
  const shown = isLong ? encodeEvent({ type: 'GenericEvent', eventId: event.eventId, timestamp: event.timestamp, data: `${json.slice(0, dotnetTextLength)} ....(truncated)..]` }, 'serviceBus', 2) : json
  const columns: Record<string, Cell> = { InstanceId: instanceId, ExecutionId: executionId, SequenceNumber: index, TaskTimeStamp: dateCell(event.timestamp), HistoryEvent: shown }
  return { columns, whole: isLong ? json : undefined }
}

/** Number of 100 ns since the year 1, in 19 digits: .NET's key of a start that is about to be sent. */
export function jumpStartPartition(createdAt: Ticks): string {
  const [seconds = '', fraction = ''] = createdAt.slice(0, -1).split('.')
  const ticks = (BigInt(Date.parse(`${seconds}Z`)) + 62_135_596_800_000n) * 10_000n + BigInt(fraction.padEnd(7, '0').slice(0, 7))
  return String(ticks).padStart(19, '0')
}

function cut(text: string): string {
  return text.length > dotnetTextLength ? text.slice(0, dotnetTextLength) : text
}
