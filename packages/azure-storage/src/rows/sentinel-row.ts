/**
 * The sentinel row of a history: its ETag is the lock of the instance, and every write of a history has it. .NET writes three columns of it and keeps ours, because it merges.
 *
 * Invariants:
 * 1. `CheckpointId` is that of a checkpoint that was committed whole; while only a part of one is written, its id is in `OpenCheckpointId`.
 * 2. `CheckpointStamp` tells whether we wrote last: it repeats .NET's own time of the checkpoint, which a .NET worker changes without it. If not, what we said about the history no longer holds.
 * 3. A column that is not written stays as it is, because the row is merged: consumed ids and state that a checkpoint does not change are not sent again.
 */
import { dateToWire, dtfxError, type ConsumedIds, type Ticks } from '@dtfx/core/provider'
import { consumedIdsColumns, consumedIdsOf, dateCell, integerCell, type Row, textCell, ticksOf } from '@dtfx/azure-common'

export interface Sentinel {
  /** Absent: stays. */
  readonly executionId?: string | undefined
  /** Id of the checkpoint that this write is of. */
  readonly checkpointId: string
  /** Absent: more of the checkpoint is to come. */
  readonly completedAt?: Ticks | undefined
  /** Number of this write among those of the checkpoint, from 0. */
  readonly part: number
  /** Rows of this execution with this write. */
  readonly eventCount: number
  /** The same with rows of before that are still to go. Absent: none are. */
  readonly rowCount?: number | undefined
  /** Absent: they stay. */
  readonly consumedIds?: ConsumedIds | undefined
  /** Number of commits of the instance; never goes back, whatever its execution. */
  readonly sequence: number
  /** See committed-state.ts. Absent: it stays; empty: the history tells it. */
  readonly state?: string | undefined
}

export interface StoredSentinel {
  readonly executionId: string
  readonly isComplete: boolean
  readonly completedAt?: Ticks | undefined
  /** Of the last checkpoint of ours that was committed whole. */
  readonly checkpointId?: string | undefined
  /** Of a checkpoint of ours of which only a part was written. */
  readonly openCheckpointId?: string | undefined
  /** The last part of it that was written. */
  readonly part: number
  /** Absent where a .NET worker wrote last. */
  readonly eventCount?: number | undefined
  /** While more of a checkpoint is to come: with rows of before that are still to go. A rewind goes on under the same execution id, so that they look like rows of it. */
  readonly rowCount?: number | undefined
  /** Absent where a .NET worker wrote last. */
  readonly state?: string | undefined
  readonly consumedIds: ConsumedIds
  readonly sequence: number
}

/** `CheckpointStamp` while more of the checkpoint is to come. */
const open = 'open'

export function sentinelColumns(sentinel: Sentinel): Row {
  const { completedAt, checkpointId } = sentinel
  return {
    ...(sentinel.executionId === undefined ? undefined : { ExecutionId: sentinel.executionId }),
    IsCheckpointComplete: completedAt !== undefined,
    ...(completedAt === undefined ? undefined : { CheckpointCompletedTimestamp: dateCell(completedAt) }),
    CheckpointId: completedAt === undefined ? '' : checkpointId,
    OpenCheckpointId: completedAt === undefined ? checkpointId : '',
    CheckpointStamp: completedAt === undefined ? open : dateToWire(completedAt),
    CheckpointPart: sentinel.part,
    EventCount: sentinel.eventCount,
    ...(completedAt === undefined ? { OpenRowCount: sentinel.rowCount ?? sentinel.eventCount } : undefined),
    CommitSequence: { type: 'Int64', value: String(sentinel.sequence) },
    ...(sentinel.state === undefined ? undefined : { CommittedState: sentinel.state }),
    ...(sentinel.consumedIds === undefined ? undefined : consumedIdsColumns(sentinel.consumedIds)),
  }
}

/** `place` names the row in errors. @throws DTFX_WIRE_INVALID */
export function sentinelOf(columns: Row, place: string): StoredSentinel {
  const executionId = textCell(columns['ExecutionId'])
  if (executionId === undefined) throw dtfxError('DTFX_WIRE_INVALID', { what: place, problem: "it has no column 'ExecutionId'" })
  const isComplete = columns['IsCheckpointComplete'] === true
  const completedAt = ticksOf(columns['CheckpointCompletedTimestamp'])
  const stamp = textCell(columns['CheckpointStamp'])
  const isOurs = stamp !== undefined && stamp === (isComplete ? completedAt && dateToWire(completedAt) : open)
  return {
    executionId,
    isComplete,
    completedAt,
    checkpointId: textCell(columns['CheckpointId']) || undefined,
    openCheckpointId: textCell(columns['OpenCheckpointId']) || undefined,
    part: integerCell(columns['CheckpointPart']) ?? 0,
    eventCount: isOurs ? integerCell(columns['EventCount']) : undefined,
    rowCount: isOurs && !isComplete ? integerCell(columns['OpenRowCount']) : undefined,
    state: isOurs ? textCell(columns['CommittedState']) || undefined : undefined,
    consumedIds: consumedIdsOf(columns, place),
    sequence: integerCell(columns['CommitSequence']) ?? 0,
  }
}
