/**
 * An activity that a worker has locked. Where the worker has its instance as well, the result waits here for the next turn, and costs no write of its own; else it is sent to the inbox in place of the activity.
 */
import {
  activityAnswer,
  DurableError,
  dtfxError,
  encodeMessage,
  isFinal,
  type ActivityWorkItem,
  type Delivered,
  type OrchestrationStatus,
  type Settlement,
  type TaskCompletedEvent,
  type TaskFailedEvent,
  type Ticks,
} from '@dtfx/core/provider'
import { passing } from '../file/file-error.js'
import type { Transaction } from '../file/transaction.js'
import { HeldItem } from '../held-item.js'
import { HeldAnswer, type InstanceSession } from '../instances/instance-session.js'
import { endSession } from '../instances/settle-all.js'
import { makeReady } from '../messages/post-message.js'
import { laterMs, setAside } from '../messages/settle-messages.js'
import type { MessageRow } from '../messages/stored-message.js'
import { instanceSql } from '../sql/instance-sql.js'
import { messageSql } from '../sql/message-sql.js'
import { columnOf, textOf, type ColumnText } from '../sql/text-column.js'
import type { Holder } from '../holder.js'

interface InstanceRow {
  readonly key: number
  readonly status: OrchestrationStatus | null
  readonly execution_id: ColumnText | null
}

export class ActivityItem extends HeldItem implements ActivityWorkItem {
  readonly kind = 'activity'
  readonly delivered: Delivered
  #instanceGone: AbortController | undefined

  constructor(
    port: Holder,
    readonly arrival: number,
    delivered: Delivered,
  ) {
    super(port)
    this.delivered = { ...delivered, receipt: this }
  }

  get instanceId(): string {
    return this.delivered.message.instance.instanceId
  }

  get instanceGone(): AbortSignal {
    if (this.#instanceGone === undefined) {
      this.#instanceGone = new AbortController()
      this.port.hub.listen(this)
    }
    return this.#instanceGone.signal
  }

  async renew(): Promise<{ readonly lockedUntil: Ticks; readonly instanceGone?: true }> {
    const lockedUntil = await this.#passing('renewing a lock', this.renewLock())
    return (await this.#isInstanceGone()) ? { lockedUntil, instanceGone: true } : { lockedUntil }
  }

  async complete(event: TaskCompletedEvent | TaskFailedEvent): Promise<void> {
    if (!this.isHeld) throw this.lockLost()
    const { port } = this
    const session = port.sessionOf(this.instanceId)
    if (session === undefined) return this.#passing('the answer of an activity', port.hub.write((transaction) => this.#answer(transaction, event)))
    this.settled()
    session.answers.push(new HeldAnswer(this, event, port.hub.clock.nowTicks()))
    if (session.isReady) port.sessionReady(session)
  }

  async release(settlement: Settlement): Promise<void> {
    if (this.isLost) throw this.lockLost()
    if (!this.isHeld) return
    await this.#passing('giving an activity back', this.port.hub.write((transaction) => this.#release(transaction, settlement)))
  }

  giveUp(): Promise<void> {
    return this.port.hub.write((transaction) => {
      if (this.isHeld) this.#release(transaction, { receipt: this, outcome: 'defer' })
    }, { durable: false })
  }

  /** Aborts `instanceGone` if nobody waits for the result any more. */
  async checkInstance(): Promise<void> {
    if (this.#instanceGone === undefined || this.#instanceGone.signal.aborted || !(await this.#isInstanceGone())) return
    this.#instanceGone.abort(dtfxError('DTFX_INSTANCE_GONE', { instanceId: this.instanceId }))
  }

  protected ended(): void {
    this.port.hub.unlisten(this)
    this.port.sessionOf(this.instanceId)?.running.delete(this)
  }

  protected describe(): string {
    const { event } = this.delivered.message
    return `activity '${event.type === 'TaskScheduled' ? event.name : event.type}' of '${this.instanceId}'`
  }

  #answer(transaction: Transaction, event: TaskCompletedEvent | TaskFailedEvent): void {
    const { sql } = transaction
    const { hub, owner } = this.port
    if (!this.isHeld || sql.run(messageSql.deleteActivity, this.arrival, owner) === 0) throw this.lockLost()
    const { id, replyTo, message } = activityAnswer(this.delivered, event)
    const instance = sql.get<{ readonly key: number }>(instanceSql.find, columnOf(this.instanceId))?.key
    // An instance that is gone without a trace would only be made anew by the reply.
    if (instance !== undefined) makeReady({ hub, transaction }, instance, sql.insert(messageSql.insert, instance, hub.clock.nowMs(), id, replyTo ?? null, null, encodeMessage(message, 'plain')))
    transaction.onCommit(() => this.settled())
  }

  #release(transaction: Transaction, settlement: Settlement): void {
    const { sql } = transaction
    const { hub, owner } = this.port
    const { outcome } = settlement
    const dueMs = laterMs(hub, settlement)
    const row = sql.get<MessageRow & { readonly owner: number; readonly name: ColumnText }>(messageSql.getActivity, this.arrival)
    if (!this.isHeld || row?.owner !== owner) throw this.lockLost()
    if (outcome === 'defer' || outcome === 'fault') {
      sql.run(messageSql.giveBackActivity, outcome === 'fault' ? 1 : 0, this.arrival, owner)
      if (dueMs === undefined) transaction.onCommit(() => hub.work.activitiesArrived())
      else {
        sql.run(messageSql.delayActivity, dueMs, this.arrival)
        sql.run(messageSql.deleteActivity, this.arrival, 0)
        transaction.onCommit(() => hub.work.due(dueMs))
      }
    } else {
      if (outcome === 'quarantine') setAside(hub, transaction, row, { ...settlement, name: textOf(row.name) })
      sql.run(messageSql.deleteActivity, this.arrival, owner)
    }
    this.#endIdleSession(transaction)
    transaction.onCommit(() => this.settled())
  }

  /** It was the last that kept its instance here. */
  #endIdleSession(transaction: Transaction): void {
    const { port } = this
    const session = port.sessionOf(this.instanceId)
    if (session === undefined || session.item !== undefined || !isLast(session, this)) return
    endSession(transaction, port, session)
    transaction.onCommit(() => {
      port.removeSession(session)
      port.hub.work.messagesArrived(session.key)
    })
  }

  async #isInstanceGone(): Promise<boolean> {
    const { executionId } = this.delivered.message.instance
    const row = await this.port.hub.file.read((sql) => sql.get<InstanceRow>(instanceSql.liveness, columnOf(this.instanceId)))
    if (row === undefined || row.status === null || isFinal(row.status)) return true
    return executionId !== undefined && executionId !== textOf(row.execution_id)
  }

  async #passing<T>(what: string, done: Promise<T>): Promise<T> {
    try {
      return await done
    } catch (error) {
      if (DurableError.is(error, 'DTFX_LOCK_LOST')) this.lose()
      throw passing(`${what} ('${this.instanceId}')`, error)
    }
  }
}

function isLast({ running, answers }: InstanceSession, activity: ActivityItem): boolean {
  return answers.length === 0 && running.size === 1 && running.has(activity)
}
