/**
 * The sentinel row of a history: its ETag is the lock of the instance, and every write of a history has it. .NET writes three columns of it and keeps ours, because it merges.
 *
 * Invariants:
 * 1. `CheckpointId` is that of a checkpoint that was committed whole; while only a part of one is written, its id is in `OpenCheckpointId`.
 * 2. `CheckpointStamp` tells whether we wrote last: it repeats .NET's own time of the checkpoint, which a .NET worker changes without it. If not, what we said about the history no longer holds.
 * 3. Every column of ours is written every time, so that merging and replacing come to the same.
 */
import { dateToWire, dtfxError, type ConsumedIds, type Ticks } from '@dtfx/core/provider'
import { consumedIdsColumns, consumedIdsOf } from './consumed-ids-column.js'
import { dateCell, integerCell, textCell, ticksOf, type Row } from './table-row.js'

export interface Sentinel {
  readonly executionId: string
  /** Id of the checkpoint that this write is of. */
  readonly checkpointId: string
  /** Absent: more of the checkpoint is to come. */
  readonly completedAt?: Ticks | undefined
  /** Rows of this execution with this write. */
  readonly eventCount: number
  readonly consumedIds: ConsumedIds
  readonly rewindEpoch: number
  /** Number of commits of the instance; never goes back, whatever its execution. */
  readonly sequence: number
  /** See committed-state.ts. */
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
  /** Absent where a .NET worker wrote last. */
  readonly eventCount?: number | undefined
  /** Likewise. */
  readonly state?: string | undefined
  readonly consumedIds: ConsumedIds
  readonly rewindEpoch: number
  readonly sequence: number
}

/** `CheckpointStamp` while more of the checkpoint is to come. */
const open = 'open'

export function sentinelColumns(sentinel: Sentinel): Row {
  const { completedAt, checkpointId } = sentinel
  return {
    ExecutionId: sentinel.executionId,
    IsCheckpointComplete: completedAt !== undefined,
    ...(completedAt === undefined ? undefined : { CheckpointCompletedTimestamp: dateCell(completedAt) }),
    CheckpointId: completedAt === undefined ? '' : checkpointId,
    OpenCheckpointId: completedAt === undefined ? checkpointId : '',
    CheckpointStamp: completedAt === undefined ? open : dateToWire(completedAt),
    EventCount: sentinel.eventCount,
    RewindEpoch: sentinel.rewindEpoch,
    CommitSequence: { type: 'Int64', value: String(sentinel.sequence) },
    CommittedState: sentinel.state ?? '',
    ...consumedIdsColumns(sentinel.consumedIds),
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
    eventCount: isOurs ? integerCell(columns['EventCount']) : undefined,
    state: isOurs ? textCell(columns['CommittedState']) || undefined : undefined,
    consumedIds: consumedIdsOf(columns, place),
    rewindEpoch: integerCell(columns['RewindEpoch']) ?? 0,
    sequence: integerCell(columns['CommitSequence']) ?? 0,
  }
}
