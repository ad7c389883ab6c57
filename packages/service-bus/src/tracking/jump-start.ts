/**
 * Starts that were recorded and not sent, because their client died in between. A pointer to each claim is written before the claim, and deleted when its messages are sent; what is left is looked after here.
 * Starts of .NET's clients stand in the same table, whole states: theirs are sent again as .NET would do it, unless .NET has cut the input.
 * Invariants: a start is sent again with its own ids, and whole; no pointer stays, however old.
 */
import { odataText, repeat, storedRow, textCell, type AccountClients, type StoredRow } from '@dtfx/azure-common'
import type { TableClient } from '@azure/data-tables'
import { isFinal, sleep, ticksFromMs, type ExecutionStartedEvent, type InstanceState, type OutboundMessage } from '@dtfx/core/provider'
import type { HubParts } from '../hub-parts.js'
import { jumpStartPartition, stateColumns, stateOfColumns, stateRowKey } from './dotnet-rows.js'
import { GroupedRows } from './grouped-rows.js'
import type { InstanceStore } from './instance-store.js'

/** Younger ones are their client's. */
const graceMs = 10_000
/** .NET's `IgnoreWindow`. */
const dotnetGraceMs = 600_000
/** Between two requests that delete records. */
const forgetPauseMs = 100
/** Records of starts of this time are in one partition, so that many starts at once are few requests. */
const partitionMs = 100
/** Tells ours from those of .NET. */
const ownColumn = 'DtfxStartId'

export class JumpStarts {
  readonly table: TableClient
  readonly #records: GroupedRows
  readonly #forgotten: GroupedRows
  readonly #forgetting = new Set<Promise<void>>()

  constructor(
    readonly parts: Pick<HubParts, 'host' | 'sender' | 'log' | 'names'>,
    clients: AccountClients,
    readonly store: InstanceStore,
  ) {
    this.table = clients.table(parts.names.jumpStartTable)
    const rows = { table: this.table, host: parts.host, what: 'record of a start' }
    this.#records = new GroupedRows({ ...rows, pauseMs: 0 })
    this.#forgotten = new GroupedRows({ ...rows, pauseMs: forgetPauseMs })
  }

  /** Before the claim. */
  async record(state: InstanceState, startId: string): Promise<void> {
    const columns = { ...stateColumns(state), [ownColumn]: startId }
    await this.#records.write({ ...keyOf(state), columns })
  }

  /** After its messages were sent, or when the claim was refused. Nobody waits for it: what is left behind is looked at once more. */
  forget(state: InstanceState): void {
    const forgetting: Promise<void> = this.#forgotten
      .delete(keyOf(state))
      .catch(() => {})
      .finally(() => this.#forgetting.delete(forgetting))
    this.#forgetting.add(forgetting)
  }

  /** All that was to be forgotten is, or could not be. */
  async settled(): Promise<void> {
    await Promise.all(this.#forgetting)
  }

  /** Looks from time to time until `signal` aborts. Never rejects. */
  async run(intervalMs: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.sweep().catch((error: unknown) => this.parts.log.failed(this.parts.names.jumpStartTable, error))
      await sleep(this.parts.host.clock, intervalMs, signal)
    }
  }

  /** How many starts were sent again. */
  async sweep(): Promise<number> {
    const { host } = this.parts
    const until = jumpStartPartition(ticksFromMs(host.clock.nowMs() - graceMs))
    const rows = await repeat('looking for starts that were not sent', host, async () => {
      const found: StoredRow[] = []
      for await (const entity of this.table.listEntities({ queryOptions: { filter: `PartitionKey le ${odataText(until)}` }, disableTypeConversion: true })) found.push(storedRow(entity))
      return found
    })
    let sent = 0
    for (const row of rows) if (await (row.columns[ownColumn] === undefined ? this.#dotnetStart(row) : this.#ownStart(row))) sent++
    return sent
  }

  /** A claim that still waits for its start gets it. */
  async #ownStart({ columns, ...key }: StoredRow): Promise<boolean> {
    const row = await this.store.read(textCell(columns['InstanceId']) ?? '')
    const isUnsent = row !== undefined && row.state.status === 'Pending' && row.startMessageId === columns[ownColumn]
    if (isUnsent) await this.parts.sender.send(row.startMessages)
    await this.#forgotten.delete(key)
    return isUnsent
  }

  async #dotnetStart({ columns, ...key }: StoredRow): Promise<boolean> {
    const { host, sender, log } = this.parts
    const instanceId = textCell(columns['InstanceId']) ?? ''
    let state: InstanceState
    try {
      state = stateOfColumns(columns, `recorded start of '${instanceId}'`, { payloads: true })
    } catch (error) {
      log.unreadable(instanceId, error)
      return false
    }
    const states = await this.store.dotnetStates(instanceId)
    const isKnown = states.some((each) => each.columns['ExecutionId'] === state.executionId)
    const isOld = Date.parse(state.createdAt) < host.clock.nowMs() - dotnetGraceMs
    if (!isKnown && !isOld) return false
    if (!isKnown && !isFinal(state.status)) await sender.send([startOf(state)])
    await this.#forgotten.delete(key)
    return !isKnown
  }
}

function keyOf({ createdAt, instanceId, executionId }: InstanceState): { readonly partitionKey: string; readonly rowKey: string } {
  const sinceMs = Math.floor(Date.parse(createdAt) / partitionMs) * partitionMs
  return { partitionKey: jumpStartPartition(ticksFromMs(sinceMs)), rowKey: stateRowKey(instanceId, executionId) }
}

function startOf({ instanceId, executionId, name, version, input, tags, createdAt, scheduledStartAt }: InstanceState): OutboundMessage {
  const instance = { instanceId, executionId }
  const event: ExecutionStartedEvent = { type: 'ExecutionStarted', eventId: -1, timestamp: createdAt, instance, name, version, input, tags, scheduledStartTime: scheduledStartAt }
  return { id: `${instanceId}_${executionId}`, target: { kind: 'instance', instanceId }, message: { instance, event }, deliverAt: scheduledStartAt }
}
