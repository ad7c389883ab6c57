/** The one way in which a message gets into a queue: to an instance, to the activities, or to those that wait for their time. */
import { dueMsFromTicks, encodeMessage, type InstanceId, type OutboundMessage } from '@dtfx/core/provider'
import type { Transaction } from '../file/transaction.js'
import type { HubAccess } from '../hub-access.js'
import { instanceSql } from '../sql/instance-sql.js'
import { messageSql } from '../sql/message-sql.js'
import { columnOf } from '../sql/text-column.js'

export interface Posting {
  readonly hub: HubAccess
  readonly transaction: Transaction
  readonly sender: InstanceId | undefined
}

export function postMessage(posting: Posting, outbound: OutboundMessage): void {
  const { hub, transaction, sender } = posting
  const { id, target, message, replyTo, deliverAt } = outbound
  const nowMs = hub.clock.nowMs()
  const dueMs = deliverAt === undefined ? nowMs : dueMsFromTicks(deliverAt)
  if (target.kind === 'activity') {
    if (dueMs > nowMs) return delay(posting, outbound, { dueMs, instance: undefined })
    transaction.sql.run(messageSql.insertActivity, 0, columnOf(activityName(outbound)), 0, nowMs, id, columnOf(sender), encodeMessage(message, 'plain'))
    transaction.onCommit(() => hub.work.activitiesArrived())
    return
  }
  const instance = obtainInstance(transaction, target.instanceId)
  if (dueMs > nowMs) return delay(posting, outbound, { dueMs, instance })
  const arrival = transaction.sql.insert(messageSql.insert, instance, nowMs, id, replyTo ?? null, columnOf(sender), encodeMessage(message, 'plain'))
  makeReady(posting, instance, arrival)
}

/** The instance has a message that nobody holds. */
export function makeReady({ hub, transaction }: Pick<Posting, 'hub' | 'transaction'>, instance: number, arrival: number): void {
  transaction.sql.run(instanceSql.becomeReady, arrival, instance)
  transaction.onCommit(() => hub.work.messagesArrived(instance))
}

/** The row of an id, made when there is none. */
function obtainInstance({ sql }: Transaction, instanceId: InstanceId): number {
  const id = columnOf(instanceId)
  return sql.get<{ readonly key: number }>(instanceSql.find, id)?.key ?? sql.insert(instanceSql.insert, id)
}

export function activityName({ message: { event } }: Pick<OutboundMessage, 'message'>): string {
  return event.type === 'TaskScheduled' ? event.name : ''
}

interface Place {
  readonly dueMs: number
  readonly instance: number | undefined
}

function delay({ hub, transaction, sender }: Posting, outbound: OutboundMessage, { dueMs, instance }: Place): void {
  const { id, message, replyTo } = outbound
  const { executionId } = message.instance
  const isTimer = message.event.type === 'TimerFired' ? 1 : 0
  const name = instance === undefined ? activityName(outbound) : undefined
  transaction.sql.run(messageSql.delay, dueMs, instance ?? null, columnOf(executionId), isTimer, columnOf(name), id, replyTo ?? null, columnOf(sender), encodeMessage(message, 'plain'))
  transaction.onCommit(() => hub.work.due(dueMs))
}
