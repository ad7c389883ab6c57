/**
 * Histories in their table: read as one consistent view, and written on condition of the sentinel.
 *
 * Invariants:
 * 1. A write that was refused changed nothing; one of unknown result is told as such, and {@link HistoryStore.versionOf} finds out.
 * 2. A checkpoint of several transactions is committed by the first: its plan was stored before, and whoever finds it unfinished finishes it, before anything else is read or written.
 * 3. Rows that a .NET worker wrote last are the truth, whatever we said about them before.
 */
import { AmbiguousCommitError, dtfxError, isFinal, type Checkpoint, type HistoryEvent, type InstanceId, type InstanceState, type InstanceVersion, type ConsumedIds, type Ticks } from '@dtfx/core/provider'
import type { TableClient, TransactionAction } from '@azure/data-tables'
import type { MessageBlobs } from '../messages/message-blobs.js'
import { committedState, decodeToldState, encodeToldState, entityOf, escapeKey, type KeyedRow, once, outcomeOf, type RepeatHost, type RequestGate, type Row, type ToldState, wasRewound } from '@dtfx/azure-common'
import { asPlayed, historyRow } from '../rows/history-row.js'
import { historyRowKey, sentinelRowKey } from '../rows/row-key.js'
import { blobsOfHistoryRow, blobsOfSentinelRow, planBlobName, splitHistoryRow, splitSentinelRow } from '../rows/large-columns.js'
import { sentinelColumns } from '../rows/sentinel-row.js'
import type { StorageLog } from '../storage-log.js'
import { decodePlan, encodePlan, planCommit, type CommitPart, type CommitPlan } from './commit-plan.js'
import { eventOf, readHistory, readSentinel, type HistoryRead, type ReadSentinel } from './history-reader.js'
import { decodeVersion, encodeVersion, type HistoryVersion } from './history-version.js'
import { LargeTexts } from './large-texts.js'

export interface StoredInstance {
  readonly version: InstanceVersion
  readonly history: readonly HistoryEvent[]
  readonly consumedIds: ConsumedIds
  readonly sequence: number
  /** We wrote last: the state is known without a look at what clients see. */
  readonly isOurs: boolean
  /** As of the history; `shown`: what clients see, for what a .NET worker keeps nowhere else. */
  state(shown?: InstanceState): InstanceState | undefined
}

export interface HistoryStoreParts {
  readonly table: TableClient
  readonly blobs: MessageBlobs
  readonly host: RepeatHost
  readonly gate: RequestGate
  readonly log: StorageLog
}

/** How often an unfinished commit is looked at anew, because somebody else finishes it at the same time. */
const maxFinishes = 5

export class HistoryStore {
  readonly #large: LargeTexts

  constructor(readonly parts: HistoryStoreParts) {
    this.#large = new LargeTexts(parts.blobs, parts.gate)
  }

  sequenceOf(version: InstanceVersion): number {
    return decodeVersion(version)?.sequence ?? 0
  }

  async load(instanceId: InstanceId): Promise<StoredInstance> {
    const { sentinel, rows } = await this.#readWhole(instanceId)
    const [history, stored] = await Promise.all([this.#events(instanceId, rows), this.#told(instanceId, sentinel, rows.length)])
    const sequence = sentinel?.sequence ?? 0
    // A .NET client rewinds without a look at the sentinel: what that says of the end is over.
    const isRewound = stored !== undefined && isFinal(stored.status) && wasRewound(history)
    const told = isRewound ? undefined : stored
    const isOurs = isWrittenByUs(sentinel, rows.length) && !isRewound
    return {
      version: encodeVersion({ etag: sentinel?.etag, eventCount: rows.length, sequence, isOurs }),
      history,
      consumedIds: sentinel?.consumedIds ?? noIds,
      sequence,
      isOurs,
      state: (shown) => committedState({ instanceId, history, shown, told }),
    }
  }

  /** The events as they are, for people: nothing is finished. */
  async read(instanceId: InstanceId): Promise<readonly HistoryEvent[]> {
    const { rows } = await readHistory(this.parts.table, this.parts.host, instanceId)
    return this.#events(instanceId, rows)
  }

  async consumedIds(instanceId: InstanceId): Promise<ConsumedIds> {
    return (await readSentinel(this.parts.table, this.parts.host, instanceId))?.consumedIds ?? noIds
  }

  /** The new version; undefined: another one is stored than the checkpoint's base. @throws AmbiguousCommitError, TransientError, PermanentError */
  async write(instanceId: InstanceId, checkpoint: Checkpoint, now: Ticks): Promise<InstanceVersion | undefined> {
    const base = decodeVersion(checkpoint.base)
    if (base === undefined) return undefined
    const plan = await this.#plan(instanceId, checkpoint, base, now)
    if (plan.parts.length > 1) await this.parts.blobs.put(planBlobName(instanceId, checkpoint.checkpointId), encodePlan(plan))
    const etag = await this.#writePart(instanceId, plan.parts[0] as CommitPart, base.etag)
    if (etag === undefined) return undefined
    const eventCount = eventCountOf(plan)
    const sequence = base.sequence + 1
    if (plan.parts.length === 1) return encodeVersion({ etag, eventCount, sequence, isOurs: true })
    return this.#writeRest(instanceId, checkpoint.checkpointId, plan, { etag, part: 0, eventCount, sequence })
  }

  /** The version that this checkpoint made, if it is stored. What was written of it only in part is finished first. */
  async versionOf(instanceId: InstanceId, checkpointId: string): Promise<InstanceVersion | undefined> {
    const { table, host } = this.parts
    let sentinel = await readSentinel(table, host, instanceId)
    if (sentinel?.openCheckpointId === checkpointId && sentinel.eventCount !== undefined && !sentinel.isComplete) {
      await this.#readWhole(instanceId)
      sentinel = await readSentinel(table, host, instanceId)
    }
    if (sentinel?.checkpointId !== checkpointId || sentinel.eventCount === undefined) return undefined
    return encodeVersion({ etag: sentinel.etag, eventCount: sentinel.eventCount, sequence: sentinel.sequence, isOurs: true })
  }

  /** With what an earlier commit left undone finished. */
  async #readWhole(instanceId: InstanceId): Promise<HistoryRead> {
    const { table, host, blobs } = this.parts
    for (let tried = 0; ; tried++) {
      const read = await readHistory(table, host, instanceId)
      const { sentinel, rows } = read
      if (!isUnfinished(sentinel, rows.length)) return read
      const checkpointId = sentinel.openCheckpointId
      const json = tried < maxFinishes ? await blobs.get(planBlobName(instanceId, checkpointId)) : undefined
      if (json === undefined) {
        // Finished by somebody else since; if not, the plan was deleted by a stranger, and what is there is no state that an instance ever had.
        if (tried < maxFinishes) continue
        throw dtfxError('DTFX_WIRE_INVALID', { what: `history of '${instanceId}'`, problem: `checkpoint '${checkpointId}' was written only in part, and its plan does not exist` })
      }
      const plan = decodePlan(json, `plan of checkpoint '${checkpointId}'`)
      await this.#writeRest(instanceId, checkpointId, plan, { etag: sentinel.etag, part: sentinel.part, eventCount: eventCountOf(plan), sequence: sentinel.sequence })
      this.parts.log.finished(instanceId, 'history')
    }
  }

  /** The parts behind `from`. The checkpoint is committed whatever happens here. @throws AmbiguousCommitError */
  async #writeRest(instanceId: InstanceId, checkpointId: string, plan: CommitPlan, from: { etag: string; part: number; eventCount: number; sequence: number }): Promise<InstanceVersion> {
    let { etag } = from
    for (const part of plan.parts.slice(from.part + 1)) {
      const next = await this.#writePart(instanceId, part, etag).catch((error: unknown) => {
        throw new AmbiguousCommitError(`writing the history of '${instanceId}'`, 'a part of it is written, and the rest will be', error)
      })
      // Somebody else has finished it, and may have gone on: whoever takes this for the version will find that out.
      if (next === undefined) return encodeVersion({ ...from, etag, isOurs: true })
      etag = next
    }
    await this.parts.blobs.delete(planBlobName(instanceId, checkpointId)).catch(() => {})
    return encodeVersion({ ...from, etag, isOurs: true })
  }

  /** The new ETag of the sentinel; undefined: it is another one than `etag`, or there is one where there should be none. */
  async #writePart(instanceId: InstanceId, { rows, deletes, sentinel }: CommitPart, etag: string | undefined): Promise<string | undefined> {
    const partitionKey = escapeKey(instanceId)
    const guard = entityOf({ partitionKey, rowKey: sentinelRowKey, columns: sentinel })
    const actions: TransactionAction[] = [
      ...rows.map((row): TransactionAction => ['upsert', entityOf(row), 'Replace']),
      ...deletes.map((rowKey): TransactionAction => ['delete', { partitionKey, rowKey }]),
      etag === undefined ? ['create', guard] : ['update', guard, 'Merge', { etag }],
    ]
    try {
      const { subResponses } = await once(`writing the history of '${instanceId}'`, () => this.parts.table.submitTransaction(actions))
      return subResponses.at(-1)?.etag
    } catch (error) {
      // The sentinel or a row that was to go is not there: the instance was purged, or written, meanwhile.
      if (outcomeOf(error) === 'conflict' || outcomeOf(error) === 'missing') return undefined
      throw error
    }
  }

  async #plan(instanceId: InstanceId, checkpoint: Checkpoint, base: HistoryVersion, now: Ticks): Promise<CommitPlan> {
    const { history, executionId, checkpointId, state, consumedIds } = checkpoint
    const eventsBefore = history.kind === 'append' ? base.eventCount : 0
    const partitionKey = escapeKey(instanceId)
    const plain = history.events.map((event, index): KeyedRow => ({ partitionKey, rowKey: historyRowKey(eventsBefore + index), columns: historyRow(asPlayed(event), executionId) }))
    const columns = await this.#large.store(plain.map(({ rowKey, columns: whole }) => splitHistoryRow(whole, { instanceId, rowKey, checkpointId })))
    const rows = plain.map((row, index): KeyedRow => ({ ...row, columns: columns[index] as Row }))
    const [kept] = await this.#large.store([splitSentinelRow(state === undefined ? {} : { CommittedState: encodeToldState(state) }, { instanceId, checkpointId })])
    const eventCount = eventsBefore + rows.length
    // Merging leaves out what does not change; a row that is made now has everything, and so has one whose state .NET has overtaken.
    const stays = base.etag === undefined ? { executionId: '', consumedIds: noIds, state: '' } : { executionId: undefined, state: base.isOurs ? undefined : '' }
    return planCommit({
      rows,
      eventsBefore,
      rowsBefore: base.eventCount,
      deletes: history.kind === 'append' ? [] : range(eventCount, base.eventCount).map(historyRowKey),
      completedAt: now,
      sentinel: ({ eventCount: written, ...part }) => ({
        ...sentinelColumns({ ...stays, ...part, executionId: executionId === '' ? stays.executionId : executionId, checkpointId, eventCount: written, sequence: base.sequence + 1, ...(consumedIds === undefined ? undefined : { consumedIds }) }),
        // Beside an empty cell the name of a blob would count.
        ...(stays.state === '' ? { CommittedStateBlobName: '' } : undefined),
        ...kept,
      }),
    })
  }

  /** The state that the sentinel keeps, if it holds. */
  async #told(instanceId: InstanceId, sentinel: ReadSentinel | undefined, eventCount: number): Promise<ToldState | undefined> {
    if (sentinel === undefined || !isWrittenByUs(sentinel, eventCount)) return undefined
    const place = `sentinel of '${instanceId}'`
    const { CommittedState: text } = await this.#large.whole(sentinel.columns, blobsOfSentinelRow(sentinel.columns), place)
    return typeof text === 'string' && text !== '' ? decodeToldState(text, place) : undefined
  }

  async #events(instanceId: InstanceId, rows: HistoryRead['rows']): Promise<HistoryEvent[]> {
    const events = new Array<HistoryEvent>(rows.length)
    await Promise.all(
      rows.map(async (row, index) => {
        const references = blobsOfHistoryRow(row.columns)
        if (references.length === 0) events[index] = eventOf(row, instanceId)
        else events[index] = eventOf({ ...row, columns: await this.#large.whole(row.columns, references, `row ${row.rowKey} of '${instanceId}'`) }, instanceId)
      }),
    )
    return events
  }
}

/** A history without a sentinel is nobody's; what is there is .NET's. */
function isWrittenByUs(sentinel: ReadSentinel | undefined, eventCount: number): boolean {
  return sentinel === undefined ? eventCount === 0 : sentinel.eventCount === eventCount
}

/** More of a checkpoint of ours is to come. Rows that nobody of us wrote say that a .NET worker went on from the part that it found. */
function isUnfinished(sentinel: ReadSentinel | undefined, rowCount: number): sentinel is ReadSentinel & { readonly openCheckpointId: string } {
  return sentinel?.openCheckpointId !== undefined && !sentinel.isComplete && sentinel.eventCount !== undefined && (rowCount === sentinel.eventCount || rowCount === sentinel.rowCount)
}

const noIds: ConsumedIds = { deleted: [], pending: [] }

function eventCountOf({ parts }: CommitPlan): number {
  return Number(parts.at(-1)?.sentinel['EventCount'] ?? 0)
}

function range(from: number, to: number): number[] {
  return to <= from ? [] : Array.from({ length: to - from }, (_, index) => from + index)
}
