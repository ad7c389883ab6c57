/**
 * What clients and queries see of instances: one row each. Claimed by `create`, written by the worker after each commit.
 *
 * Invariants:
 * 1. Every write has a condition: the row that was seen before, or that there was none. A slow one never covers a newer state.
 * 2. A state is written over an earlier one of the same history only (a smaller sequence); a claim of a newer execution stays.
 * 3. Within an execution only what can change is written.
 */
import { compareTicks, TransientError, type ConsumedIds, type InstanceId, type InstanceState, type MessageId } from '@dtfx/core/provider'
import type { TableClient } from '@azure/data-tables'
import type { MessageBlobs } from '../messages/message-blobs.js'
import { decodeQueueMessage } from '../messages/queue-message.js'
import { instanceColumns, instanceOf } from '../rows/instance-row.js'
import { blobsOfInstanceRow, isStartMessageBlob, splitInstanceRow } from '../rows/large-columns.js'
import { entityOf, escapeKey, once, outcomeOf, repeat, type RepeatHost, type RequestGate, type Row, storedRow, type StoredRow } from '@dtfx/azure-common'
import { LargeTexts } from './large-texts.js'

export interface StoredRowOfInstance {
  readonly etag: string
  readonly state: InstanceState
  readonly sequence: number
  readonly startMessageId: MessageId | undefined
  /** JSON of the messages that came with the claim, while the instance is Pending. */
  readonly startMessages: readonly string[]
}

/** What a worker remembers of a row between two writes. */
export interface KnownRow {
  /** Undefined: there is none. */
  readonly etag: string | undefined
  readonly executionId: string
  readonly startMessageId: MessageId | undefined
}

/** A state as of a commit. */
export interface CommittedShow {
  readonly state: InstanceState
  /** Number of the commit. */
  readonly sequence: number
  /** Of the history, asked for when the row turns out to be of another execution. */
  readonly consumedIds: () => Promise<ConsumedIds>
}

export interface Claim {
  readonly state: InstanceState
  readonly startMessageId: MessageId
  readonly startMessages: readonly string[]
}

export interface InstanceStoreParts {
  readonly table: TableClient
  readonly blobs: MessageBlobs
  readonly host: RepeatHost
  readonly gate: RequestGate
  readonly hub: string
}

/** How often a state is shown anew because the row changed meanwhile. */
const maxShows = 8
/** Columns that a query without payloads does not read. */
const payloadColumns: ReadonlySet<string> = new Set(['Input', 'Output'])

export class InstanceStore {
  readonly #large: LargeTexts

  constructor(readonly parts: InstanceStoreParts) {
    this.#large = new LargeTexts(parts.blobs, parts.gate)
  }

  async read(instanceId: InstanceId, options: { readonly payloads: boolean } = { payloads: true }): Promise<StoredRowOfInstance | undefined> {
    const { table, host } = this.parts
    try {
      const entity = await repeat(`reading the state of '${instanceId}'`, host, () => table.getEntity(escapeKey(instanceId), '', { disableTypeConversion: true }))
      return await this.decode(storedRow(entity), instanceId, options)
    } catch (error) {
      if (outcomeOf(error) === 'missing') return undefined
      throw error
    }
  }

  /** @throws DTFX_WIRE_INVALID */
  async decode({ columns, etag }: StoredRow, instanceId: InstanceId, { payloads }: { readonly payloads: boolean }): Promise<StoredRowOfInstance> {
    const place = `row of '${instanceId}'`
    const references = blobsOfInstanceRow(columns, this.#containerUrl).filter(({ column }) => payloads || !payloadColumns.has(column))
    const whole = await this.#large.whole(columns, references, place)
    const startBlob = references.find(({ column, blobName }) => column === 'Input' && isStartMessageBlob(blobName))
    const read = instanceOf(startBlob === undefined ? whole : { ...whole, Input: inputOfStart(String(whole['Input'])) }, instanceId, place)
    return { etag, state: payloads ? read.state : withoutPayloads(read.state), sequence: read.sequence, startMessageId: read.startMessageId, startMessages: read.startMessages }
  }

  /** Stores a claim if there is no row, or that with the etag. Undefined: the row is another one by now. @throws AmbiguousCommitError, TransientError, PermanentError */
  async claim({ state, startMessageId, startMessages }: Claim, over: string | undefined): Promise<string | undefined> {
    const columns = instanceColumns({ state, sequence: 0, startMessageId, startMessages }, this.parts.hub)
    return this.#write(await this.#stored(columns, state.instanceId, startMessageId), state.instanceId, over === undefined ? { kind: 'insert' } : { kind: 'replace', etag: over })
  }

  /** Writes the state, unless the row says that something newer is there. `known`: the row as it was seen last; undefined: not seen yet. @throws AmbiguousCommitError, TransientError, PermanentError */
  async show({ state, sequence, consumedIds }: CommittedShow, known: KnownRow | undefined): Promise<{ readonly row: KnownRow; readonly isWritten: boolean }> {
    const { instanceId, executionId } = state
    let row = known
    for (let tried = 0; tried < maxShows; tried++) {
      if (row === undefined) {
        const read = await this.read(instanceId, { payloads: false })
        row = knownRow(read)
        if (read !== undefined && (read.sequence > sequence || (isOtherClaim(read, state) && isNewerClaim(read, state, await consumedIds())))) return { row, isWritten: false }
      }
      const etag = await this.#showOver(state, sequence, row)
      if (etag !== undefined) return { row: { etag, executionId, startMessageId: row.startMessageId }, isWritten: true }
      row = undefined
    }
    throw new TransientError(`writing the state of '${instanceId}'`, 'others write it again and again')
  }

  async #showOver(state: InstanceState, sequence: number, row: KnownRow): Promise<string | undefined> {
    const { instanceId, executionId } = state
    const columns = instanceColumns({ state, sequence, startMessageId: row.startMessageId, startMessages: [] }, this.parts.hub)
    if (row.etag === undefined) return this.#write(await this.#stored(columns, instanceId, `${executionId}.${sequence}`), instanceId, { kind: 'insert' })
    const isSame = row.executionId === executionId
    const written = isSame ? changeable(columns) : columns
    return this.#write(await this.#stored(written, instanceId, `${executionId}.${sequence}`), instanceId, { kind: isSame ? 'merge' : 'replace', etag: row.etag })
  }

  async #stored(columns: Row, instanceId: InstanceId, checkpointId: string): Promise<Row> {
    const [row] = await this.#large.store([splitInstanceRow(columns, { instanceId, checkpointId, containerUrl: this.#containerUrl })])
    return row as Row
  }

  async #write(columns: Row, instanceId: InstanceId, condition: { readonly kind: 'insert' } | { readonly kind: 'replace' | 'merge'; readonly etag: string }): Promise<string | undefined> {
    const { table } = this.parts
    const entity = entityOf({ partitionKey: escapeKey(instanceId), rowKey: '', columns })
    try {
      const { etag } = await once(`writing the state of '${instanceId}'`, () =>
        condition.kind === 'insert' ? table.createEntity(entity) : table.updateEntity(entity, condition.kind === 'merge' ? 'Merge' : 'Replace', { etag: condition.etag }),
      )
      return etag
    } catch (error) {
      if (outcomeOf(error) === 'conflict' || outcomeOf(error) === 'missing') return undefined
      throw error
    }
  }

  get #containerUrl(): string {
    return this.parts.blobs.container.url
  }
}

export function knownRow(read: StoredRowOfInstance | undefined): KnownRow {
  return { etag: read?.etag, executionId: read?.state.executionId ?? '', startMessageId: read?.startMessageId }
}

/**
 * The row is a claim, which `create` stored in the place of the execution of `state`, and which nothing came of yet. An execution that came of it (by continue-as-new) is newer: its history has consumed the start.
 * A claim of .NET does not say which message starts it: there the times tell, as well as the clocks agree.
 */
export function isNewerClaim(row: StoredRowOfInstance, state: InstanceState, { deleted, pending }: ConsumedIds): boolean {
  if (!isOtherClaim(row, state)) return false
  const { startMessageId } = row
  return startMessageId === undefined ? compareTicks(row.state.createdAt, state.createdAt) > 0 : !deleted.includes(startMessageId) && !pending.includes(startMessageId)
}

function isOtherClaim({ state: { status, executionId } }: StoredRowOfInstance, state: InstanceState): boolean {
  return status === 'Pending' && executionId !== state.executionId
}

const fixed: ReadonlySet<string> = new Set(['ExecutionId', 'Name', 'Version', 'Input', 'CreatedTime', 'Generation', 'Tags', 'TaskHubName', 'ScheduledStartTime', 'StartMessageId', 'ParentInstance', 'ParentInstanceId'])

/** What was there and is not any more has to be written over, because a merge takes nothing away; beside an empty cell the name of a blob would count. */
function changeable(columns: Row): Row {
  return { Output: '', OutputBlobName: '', ...Object.fromEntries(Object.entries(columns).filter(([name]) => !fixed.has(name))) }
}

function inputOfStart(json: string): string {
  const read = decodeQueueMessage(json, '')
  return read.kind === 'message' && read.message.message.event.type === 'ExecutionStarted' ? (read.message.message.event.input ?? '') : ''
}

function withoutPayloads({ input: _input, output: _output, ...state }: InstanceState): InstanceState {
  return state
}
