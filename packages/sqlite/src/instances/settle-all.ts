/** Settles what a turn was given: rows of the inbox, and results of activities that ran here. */
import { activityAnswer, encodeMessage, type Settlement } from '@dtfx/core/provider'
import type { Transaction } from '../file/transaction.js'
import type { Holder } from '../holder.js'
import { MessageReceipt } from '../messages/stored-message.js'
import { settleMessage } from '../messages/settle-messages.js'
import { instanceSql } from '../sql/instance-sql.js'
import { messageSql } from '../sql/message-sql.js'
import { HeldAnswer, type InstanceSession } from './instance-session.js'

/** A turn as its settlements see it. */
export interface SettledTurn {
  readonly port: Holder
  readonly session: InstanceSession
  readonly answers: readonly HeldAnswer[]
}

/** Returns the results without a settlement: they wait for the next turn. */
export function settleAll(transaction: Transaction, item: SettledTurn, settlements: readonly Settlement[]): HeldAnswer[] {
  const { hub } = item.port
  const open = new Set(item.answers)
  for (const settlement of settlements) {
    const { receipt } = settlement
    if (receipt instanceof MessageReceipt) settleMessage(hub, transaction, receipt, settlement)
    else if (receipt instanceof HeldAnswer) {
      open.delete(receipt)
      settleAnswer(transaction, item, receipt, settlement)
    }
  }
  return [...open]
}

/** Consumed or without effect: its activity goes. Anything else becomes of an ordinary message, because a result that waits must not depend on this process. */
function settleAnswer(transaction: Transaction, { session, port }: SettledTurn, held: HeldAnswer, settlement: Settlement): void {
  const { activity } = held
  if (settlement.outcome === 'consumed' || settlement.outcome === 'discard') return void transaction.sql.run(messageSql.deleteActivity, activity.arrival, port.owner)
  const arrival = sendAnswer(transaction, port, session, held)
  settleMessage(port.hub, transaction, new MessageReceipt(arrival, activityAnswer(activity.delivered, held.answer).message), settlement)
}

/** The ordinary way of a result: a message to the instance in place of the activity. The caller makes the instance ready. */
export function sendAnswer({ sql }: Transaction, { hub, owner }: Pick<Holder, 'hub' | 'owner'>, session: InstanceSession, { activity, answer }: HeldAnswer): number {
  const { id, replyTo, message } = activityAnswer(activity.delivered, answer)
  sql.run(messageSql.deleteActivity, activity.arrival, owner)
  return sql.insert(messageSql.insert, session.key, hub.clock.nowMs(), id, replyTo ?? null, null, encodeMessage(message, 'plain'))
}

/** Lets go of a session between two turns: results are sent, and the instance is free. */
export function endSession(transaction: Transaction, port: Pick<Holder, 'hub' | 'owner'>, session: InstanceSession): void {
  for (const held of session.answers) sendAnswer(transaction, port, session, held)
  transaction.sql.run(instanceSql.unlock, session.key, port.owner)
}
