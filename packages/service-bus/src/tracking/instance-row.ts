/**
 * The row of an instance in a partition of its own, which .NET does not look at: the claim that makes its id unique, and afterwards its whole state. Pure.
 *
 * Invariants:
 * 1. `StateSequence` grows with every commit: a state is not written over one with a greater number. A claim keeps the number of what it replaces.
 * 2. A claim of a newer execution stays until its start was consumed.
 */
import { consumedIdsColumns, consumedIdsOf, dateCell, escapeKey, integerCell, textCell, type Cell, type Row } from '@dtfx/azure-common'
import { dtfxError, parseWire, stateFromWire, stateToWire, wireText, type ConsumedIds, type InstanceState, type MessageId, type OutboundMessage } from '@dtfx/core/provider'
import { outboundFromWire, outboundToWire } from '../messages/outbound-json.js'

export interface InstanceRecord {
  readonly state: InstanceState
  /** 0: no commit yet. */
  readonly sequence: number
  /** Of the history of the execution. */
  readonly eventCount: number
  readonly consumedIds: ConsumedIds
  /** Message that created the execution, when a client of ours did. */
  readonly startMessageId?: MessageId | undefined
  /** While it is Pending: what its creator sends. */
  readonly startMessages: readonly OutboundMessage[]
}

export const payloadColumns = ['Input', 'Output'] as const
export const largeColumns = [...payloadColumns, 'State', 'StartMessages'] as const

/** Partition keys of these rows begin with it; the character behind it ends their range. */
export const instancePrefix = 'IC_'
export const instanceRangeEnd = 'IC`'

export function instanceKey(instanceId: string): { readonly partitionKey: string; readonly rowKey: string } {
  return { partitionKey: `${instancePrefix}${escapeKey(instanceId)}`, rowKey: '' }
}

export function instanceColumns({ state, sequence, eventCount, consumedIds, startMessageId, startMessages }: InstanceRecord): Row {
  const { input, output, ...told } = state
  const columns: Record<string, Cell> = {
    InstanceId: state.instanceId,
    ExecutionId: state.executionId,
    Name: state.name,
    Version: state.version ?? '',
    OrchestrationStatus: state.status,
    CreatedTime: dateCell(state.createdAt),
    LastUpdatedTime: dateCell(state.lastUpdatedAt),
    ...(state.completedAt === undefined ? undefined : { CompletedTime: dateCell(state.completedAt) }),
    ParentInstanceId: state.parent?.instance.instanceId ?? '',
    State: wireText(stateToWire(told, 'plain')),
    ...(input === undefined ? undefined : { Input: input, HasInput: true }),
    ...(output === undefined ? undefined : { Output: output, HasOutput: true }),
    StateSequence: { type: 'Int64', value: String(sequence) },
    EventCount: eventCount,
    StartMessageId: startMessageId ?? '',
    ...(startMessages.length === 0 ? undefined : { StartMessages: wireText(startMessages.map(outboundToWire)) }),
    ...(consumedIds.deleted.length + consumedIds.pending.length === 0 ? undefined : consumedIdsColumns(consumedIds)),
  }
  return columns
}

/** `columns` with the texts of their blobs, or without payloads. `place` names the row in errors. @throws DTFX_WIRE_INVALID */
export function instanceOf(columns: Row, place: string): InstanceRecord {
  const text = textCell(columns['State'])
  if (text === undefined || text === '') throw dtfxError('DTFX_WIRE_INVALID', { what: place, problem: "it has no column 'State'" })
  const told = stateFromWire(parseWire(text, `${place}.State`), `${place}.State`)
  const { output: _repeated, ...rest } = told
  const [input, output] = [columns['HasInput'] === true ? textCell(columns['Input']) : undefined, columns['HasOutput'] === true ? textCell(columns['Output']) : undefined]
  const messages = textCell(columns['StartMessages']) ?? ''
  const list = messages === '' ? [] : parseWire(messages, `${place}.StartMessages`)
  return {
    state: { ...rest, ...(input === undefined ? undefined : { input }), ...(output === undefined ? undefined : { output }) },
    sequence: integerCell(columns['StateSequence']) ?? 0,
    eventCount: integerCell(columns['EventCount']) ?? 0,
    consumedIds: consumedIdsOf(columns, place),
    startMessageId: textCell(columns['StartMessageId']) || undefined,
    startMessages: Array.isArray(list) ? list.map((each, index) => outboundFromWire(each, `${place}.StartMessages[${index}]`)) : [],
  }
}

/** The row is a claim, which `create` stored in the place of the execution of `state`, and which nothing came of yet. */
export function isNewerClaim(row: Pick<InstanceRecord, 'state' | 'startMessageId'>, state: InstanceState, { deleted, pending }: ConsumedIds): boolean {
  if (row.state.status !== 'Pending' || row.state.executionId === state.executionId) return false
  const { startMessageId } = row
  return startMessageId !== undefined && !deleted.includes(startMessageId) && !pending.includes(startMessageId)
}
