/** An instance that a worker has locked, with the messages it had at that moment. */
import {
  decodeHistory,
  DurableError,
  dtfxError,
  type Checkpoint,
  type CommitResult,
  type ConsumedIds,
  type Delivered,
  type HistoryEvent,
  type InstanceSnapshot,
  type InstanceVersion,
  type OrchestrationWorkItem,
  type Settlement,
  type Ticks,
} from '@dtfx/core/provider'
import { passing } from '../file/file-error.js'
import type { Sql } from '../file/sql.js'
import { HeldItem } from '../held-item.js'
import { instanceSql } from '../sql/instance-sql.js'
import { commitTurn, type EndedTurn } from './commit-turn.js'
import { giveBack } from './give-back.js'
import type { HeldAnswer, InstanceSession } from './instance-session.js'
import { stateFrom, type StateRow } from './state-columns.js'
import type { Holder } from '../holder.js'

const noIds: ConsumedIds = Object.freeze({ deleted: Object.freeze([]), pending: Object.freeze([]) })
const allRows = -1

export class OrchestrationItem extends HeldItem implements OrchestrationWorkItem {
  readonly kind = 'orchestration'
  readonly messages: readonly Delivered[]
  /** Activities of its commit that will run here. */
  reserved = 0
  /** What it committed: a repeated `complete` of the same checkpoint gets the same answer. */
  #committed: { readonly checkpointId: string; readonly result: CommitResult } | undefined

  constructor(
    port: Holder,
    readonly session: InstanceSession,
    stored: readonly Delivered[],
    /** Results of activities that ran here. */
    readonly answers: readonly HeldAnswer[],
    override readonly isSuspect = false,
  ) {
    super(port)
    session.item = this
    this.messages = answers.length === 0 ? stored : [...stored, ...answers.map((answer) => answer.handOut())]
  }

  get instanceId(): string {
    return this.session.instanceId
  }

  async load(known?: InstanceVersion): Promise<InstanceSnapshot | 'unchanged'> {
    if (!this.isHeld) throw this.lockLost()
    const { session, port } = this
    if (known === session.version && session.executionId !== undefined) return 'unchanged'
    const { file } = port.hub
    return this.#passing('reading an instance', file.read((sql) => this.#readUnbegun(sql)).then((found) => found ?? file.readTogether((sql) => this.#read(sql))))
  }

  async complete(checkpoint: Checkpoint): Promise<CommitResult> {
    const { checkpointId } = checkpoint
    if (this.#committed?.checkpointId === checkpointId) return this.#committed.result
    return this.#passing('the commit of a turn', this.port.hub.write((transaction) => {
      const result = commitTurn(transaction, this, checkpoint)
      if (result.outcome === 'committed') transaction.onCommit(() => (this.#committed = { checkpointId, result }))
      return result
    }))
  }

  markSuspect(): Promise<number> {
    const { session, port } = this
    return this.#passing('counting a suspect turn', port.hub.write(({ sql }) => {
      const row = this.isHeld ? sql.get<{ readonly suspicions: number }>(instanceSql.suspect, session.key, port.owner) : undefined
      if (row === undefined) throw this.lockLost()
      return row.suspicions
    }))
  }

  async renew(): Promise<{ readonly lockedUntil: Ticks }> {
    return { lockedUntil: await this.#passing('renewing a lock', this.renewLock()) }
  }

  async release(settlements: readonly Settlement[]): Promise<void> {
    if (this.isLost) throw this.lockLost()
    if (!this.isHeld) return
    await this.#passing('giving an instance back', this.port.hub.write((transaction) => giveBack(transaction, this, settlements)))
  }

  giveUp(): Promise<void> {
    return this.port.hub.write((transaction) => {
      if (this.isHeld) giveBack(transaction, this, [])
    }, { durable: false })
  }

  /** The turn is over, in the file as well: what it left waits in the session, or nothing does. */
  end({ answers, kept, ready }: Pick<EndedTurn, 'answers' | 'kept' | 'ready'>): void {
    const { session, port } = this
    session.answers = kept ? [...answers, ...session.answers] : []
    session.hasMessages = kept && ready
    this.settled()
    if (!kept) port.removeSession(session)
    else if (session.isReady) port.sessionReady(session)
    if (ready) port.hub.work.messagesArrived(session.key)
  }

  protected ended(): void {
    if (this.session.item === this) this.session.item = undefined
    if (this.isLost) this.port.removeSession(this.session)
    // The next suspect may come.
    if (this.isSuspect) this.port.hub.work.messagesArrived(this.session.key)
  }

  protected describe(): string {
    return `orchestration '${this.instanceId}'`
  }

  async #passing<T>(what: string, done: Promise<T>): Promise<T> {
    try {
      return await done
    } catch (error) {
      if (DurableError.is(error, 'DTFX_LOCK_LOST')) this.lose()
      throw passing(`${what} ('${this.instanceId}')`, error)
    }
  }

  /** One that has not begun has no history: one statement reads it all. Undefined: it has begun. */
  #readUnbegun(sql: Sql): InstanceSnapshot | undefined {
    const row = this.#row(sql)
    return row.begun === 1 ? undefined : this.#snapshot(row, [])
  }

  #read(sql: Sql): InstanceSnapshot {
    const row = this.#row(sql)
    return this.#snapshot(row, isDescribed(row) ? readHistory(sql, row.key, this.instanceId) : [])
  }

  #row(sql: Sql): SnapshotRow {
    const row = sql.get<SnapshotRow>(instanceSql.snapshot, this.session.key)
    if (row?.owner !== this.port.owner) throw this.lockLost()
    return row
  }

  #snapshot(row: SnapshotRow, history: HistoryEvent[]): InstanceSnapshot {
    const version = `${row.key}.${row.number}`
    const consumedIds = row.ids === null ? noIds : (JSON.parse(row.ids) as ConsumedIds)
    return isDescribed(row) ? { version, state: stateFrom(row), history, consumedIds } : { version, history, consumedIds }
  }
}

interface SnapshotRow extends Omit<StateRow, 'state'> {
  readonly owner: number
  readonly begun: number
  readonly ids: string | null
  /** Absent where nothing is stored under the id, and only messages wait. */
  readonly state: string | null
}

function isDescribed(row: SnapshotRow): row is SnapshotRow & { readonly state: string } {
  return row.state !== null
}

function readHistory(sql: Sql, key: number, instanceId: string): HistoryEvent[] {
  const events: HistoryEvent[] = []
  for (const row of sql.all<{ readonly events: string }>(instanceSql.history, key, 0, allRows)) {
    try {
      events.push(...decodeHistory(row.events, `history of '${instanceId}'`))
    } catch (error) {
      throw dtfxError('DTFX_HISTORY_CORRUPT', { instanceId, problem: (error as Error).message }, error)
    }
  }
  return events
}
