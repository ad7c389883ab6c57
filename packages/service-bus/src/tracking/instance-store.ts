/**
 * The instance store: states, histories and the claims of ids, in one table, with large texts in blobs.
 *
 * Invariants:
 * 1. Every write of an instance's own row has a condition: the row that was seen before, or that there was none.
 * 2. A state is written over an earlier one only (a smaller sequence); a claim of a newer execution stays.
 * 3. The history is written before the state that it belongs to: who sees the end of an instance can read all of it.
 */
import { allOf, entityOf, escapeKey, odataText, once, outcomeOf, repeat, storedRow, textCell, type AccountClients, type RepeatHost, type Row, type StoredRow } from '@dtfx/azure-common'
import { TransientError, type HistoryEvent, type InstanceId, type InstanceState, type MessageId, type OutboundMessage } from '@dtfx/core/provider'
import type { TableClient } from '@azure/data-tables'
import type { HubBlobs } from '../messages/hub-blobs.js'
import { stateColumns, statePartition, stateOfColumns, stateRowKey } from './dotnet-rows.js'
import { GroupedRows } from './grouped-rows.js'
import { HistoryStore } from './history-store.js'
import { instanceColumns, instanceKey, instanceOf, isNewerClaim, largeColumns, payloadColumns, type InstanceRecord } from './instance-row.js'
import { blobColumns, withLargeTexts, withoutLargeTexts } from './row-texts.js'
import type { TrackedState } from './tracked-batch.js'

export interface StoredInstance extends InstanceRecord {
  readonly etag: string
}

export interface Claim {
  readonly state: InstanceState
  readonly startMessageId: MessageId
  readonly startMessages: readonly OutboundMessage[]
}

export interface InstanceStoreParts {
  readonly clients: AccountClients
  readonly tableName: string
  readonly blobs: HubBlobs
  readonly host: RepeatHost
  /** A .NET program writes rows of its own on this hub. */
  readonly dotnetClients: boolean
}

interface KnownRow {
  readonly etag: string
  readonly sequence: number
  readonly executionId: string
  readonly startMessageId: MessageId | undefined
}

/** How often a state is shown anew because the row changed meanwhile. */
const maxShows = 8
/** Rows of which the etag is remembered: their next write needs no look. */
const maxKnown = 10_000
const noConsumedIds = { deleted: [], pending: [] } as const
/** Of a row that is read without payloads. */
export const describingColumns: readonly string[] = ['PartitionKey', 'RowKey', 'InstanceId', 'ExecutionId', 'State', ...blobColumns(['State']), 'StateSequence', 'EventCount', 'StartMessageId']

export class InstanceStore {
  readonly table: TableClient
  readonly histories: HistoryStore
  /** All in one partition. */
  readonly #dotnetStates: GroupedRows
  readonly #known = new Map<InstanceId, KnownRow>()

  constructor(readonly parts: InstanceStoreParts) {
    this.table = parts.clients.table(parts.tableName)
    this.histories = new HistoryStore(this.table, parts.blobs, parts.host)
    this.#dotnetStates = new GroupedRows({ table: this.table, host: parts.host, what: 'state for .NET', pauseMs: 0 })
  }

  async read(instanceId: InstanceId, options: { readonly payloads: boolean } = { payloads: true }): Promise<StoredInstance | undefined> {
    const { partitionKey, rowKey } = instanceKey(instanceId)
    const select = options.payloads ? undefined : { queryOptions: { select: [...describingColumns] } }
    try {
      const entity = await repeat(`reading instance '${instanceId}'`, this.parts.host, () => this.table.getEntity(partitionKey, rowKey, { disableTypeConversion: true, ...select }))
      const row = await this.decode(storedRow(entity), options)
      this.#remember(instanceId, knownRow(row))
      return row
    } catch (error) {
      if (outcomeOf(error) === 'missing') return undefined
      throw error
    }
  }

  /** The state that .NET wrote, where there is no row of ours. @throws DTFX_PAYLOAD_TRUNCATED */
  async readDotnetState(instanceId: InstanceId, options: { readonly payloads: boolean }): Promise<InstanceState | undefined> {
    const rows = await this.dotnetStates(instanceId)
    const latest = rows.filter(({ columns }) => columns['OrchestrationStatus'] !== 'ContinuedAsNew').at(-1)
    return latest === undefined ? undefined : stateOfColumns(latest.columns, `state row of '${instanceId}'`, options)
  }

  /** @throws DTFX_WIRE_INVALID */
  async decode({ columns, etag }: StoredRow, { payloads }: { readonly payloads: boolean }): Promise<StoredInstance> {
    const names = payloads ? largeColumns : (['State'] as const)
    const whole = await withLargeTexts(columns, names, this.parts.blobs)
    const record = instanceOf(payloads ? whole : without(whole, [...payloadColumns, 'StartMessages']), `row of '${textCell(columns['InstanceId']) ?? ''}'`)
    return { ...record, etag }
  }

  /** Stores a claim if there is no row, or that one. False: the row is another one by now. @throws AmbiguousCommitError, TransientError, PermanentError */
  async claim({ state, startMessageId, startMessages }: Claim, over: StoredInstance | undefined): Promise<boolean> {
    const record: InstanceRecord = { state, sequence: over?.sequence ?? 0, eventCount: 0, consumedIds: over?.consumedIds ?? noConsumedIds, startMessageId, startMessages }
    const etag = await this.#write(record, over?.etag)
    if (etag !== undefined) this.#remember(state.instanceId, knownRow({ ...record, etag }))
    return etag !== undefined
  }

  /** The history of the execution of a row. @throws TransientError while it is not all there */
  async historyOf({ state, eventCount }: StoredInstance): Promise<HistoryEvent[]> {
    const events = await this.histories.read(state.instanceId, state.executionId)
    if (events.length < eventCount) throw new TransientError(`reading the history of '${state.instanceId}'`, `${events.length} of ${eventCount} events are there`)
    return events
  }

  /** What a commit told. True: our own row has it now; false: it has something else. States of .NET's have no number, and go into .NET's row only. */
  show({ state, commit }: TrackedState): Promise<boolean> {
    return commit === undefined ? Promise.resolve(false) : this.#showOwn(state, commit)
  }

  /** For .NET's clients, in .NET's own way: the last writer wins. Resolves when this state, or a later one, is stored. */
  showToDotnet(state: InstanceState): Promise<void> {
    return this.#dotnetStates.write({ partitionKey: statePartition, rowKey: stateRowKey(state.instanceId, state.executionId), columns: stateColumns(state) })
  }

  /** Rows of .NET's form of all executions of an instance, in the order of their beginning. */
  async dotnetStates(instanceId: InstanceId): Promise<readonly StoredRow[]> {
    const first = stateRowKey(instanceId, '')
    const filter = allOf([`PartitionKey eq ${odataText(statePartition)}`, `RowKey ge ${odataText(first)}`, `RowKey lt ${odataText(`${first.slice(0, -1)}\``)}`, `InstanceId eq ${odataText(instanceId)}`])
    const rows = await repeat(`reading states of '${instanceId}'`, this.parts.host, async () => {
      const found: StoredRow[] = []
      for await (const entity of this.table.listEntities({ queryOptions: { filter: filter ?? '' }, disableTypeConversion: true })) found.push(storedRow(entity))
      return found
    })
    const createdOf = ({ columns }: StoredRow): string => (columns['CreatedTime'] as { readonly value?: string } | undefined)?.value ?? ''
    return rows.sort((a, b) => (createdOf(a) < createdOf(b) ? -1 : 1))
  }

  forget(instanceId: InstanceId): void {
    this.#known.delete(instanceId)
  }

  async #showOwn(state: InstanceState, { sequence, eventCount, consumedIds }: NonNullable<TrackedState['commit']>): Promise<boolean> {
    const { instanceId } = state
    for (let tried = 0; tried < maxShows; tried++) {
      const remembered = this.#known.get(instanceId)
      // One of another execution may be from before a purge, which begins the count anew.
      const isSure = remembered !== undefined && (remembered.sequence < sequence || remembered.executionId === state.executionId)
      const known = isSure ? remembered : await this.#look(instanceId)
      if (known !== undefined && known.sequence >= sequence && (known.sequence > sequence || known.executionId === state.executionId)) return false
      const claimed = known === undefined || known.executionId === state.executionId ? undefined : await this.read(instanceId)
      if (claimed !== undefined && isNewerClaim(claimed, state, consumedIds)) return false
      const record: InstanceRecord = { state, sequence, eventCount, consumedIds, startMessageId: known?.startMessageId, startMessages: [] }
      const etag = await this.#write(record, known?.etag)
      if (etag !== undefined) {
        this.#remember(instanceId, { etag, sequence, executionId: state.executionId, startMessageId: known?.startMessageId })
        return true
      }
      this.#known.delete(instanceId)
    }
    throw new TransientError(`writing the state of '${instanceId}'`, 'others write it again and again')
  }

  async #look(instanceId: InstanceId): Promise<KnownRow | undefined> {
    const row = await this.read(instanceId, { payloads: false })
    return row === undefined ? undefined : knownRow(row)
  }

  #remember(instanceId: InstanceId, row: KnownRow): void {
    this.#known.delete(instanceId)
    this.#known.set(instanceId, row)
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= maxKnown) return
      this.#known.delete(oldest)
    }
  }

  async #write(record: InstanceRecord, etag: string | undefined): Promise<string | undefined> {
    const { instanceId, executionId } = record.state
    const version = `${record.sequence}-${record.startMessages.length === 0 ? 'state' : 'claim'}`
    const nameOf = (column: string): string => (column === 'Input' ? `${escapeKey(instanceId)}/${executionId}/input` : `${escapeKey(instanceId)}/${executionId}/${version}-${column.toLowerCase()}`)
    const columns = await withoutLargeTexts(instanceColumns(record), largeColumns, this.parts.blobs, nameOf)
    const entity = entityOf({ ...instanceKey(instanceId), columns })
    try {
      const written = await once(`writing instance '${instanceId}'`, () => (etag === undefined ? this.table.createEntity(entity) : this.table.updateEntity(entity, 'Replace', { etag })))
      return written.etag ?? ''
    } catch (error) {
      if (outcomeOf(error) === 'conflict' || outcomeOf(error) === 'missing') return undefined
      throw error
    }
  }
}

function knownRow({ etag, sequence, state, startMessageId }: StoredInstance): KnownRow {
  return { etag, sequence, executionId: state.executionId, startMessageId }
}

function without(columns: Row, names: readonly string[]): Row {
  return Object.fromEntries(Object.entries(columns).filter(([name]) => !names.includes(name) && name !== 'HasInput' && name !== 'HasOutput'))
}
