/** Messages whose time has come move to where they can be taken, in the order of their times. Whoever notices does it, inside a transaction: nobody else can. */
import type { Transaction } from '../file/transaction.js'
import type { HubAccess } from '../hub-access.js'
import { messageSql } from '../sql/message-sql.js'
import { makeReady } from './post-message.js'

/** Moved by one group, at most. */
const maxDue = 500

interface DueRow {
  readonly key: number
  readonly due_at: number
  readonly arrival: number | null
  readonly instance: number | null
}

export function moveDue(hub: HubAccess, transaction: Transaction): void {
  const { sql } = transaction
  const due = sql.all<DueRow>(messageSql.due, hub.clock.nowMs(), maxDue)
  for (const { key, instance } of due) {
    if (instance === null) {
      sql.run(messageSql.dueActivity, key)
      transaction.onCommit(() => hub.work.activitiesArrived())
    } else makeReady({ hub, transaction }, instance, sql.insert(messageSql.dueMessage, key))
    sql.run(messageSql.deleteDelayed, key)
  }
  const nextMs = sql.get<{ readonly due_at: number | null }>(messageSql.nextDue)?.due_at ?? undefined
  transaction.onCommit(() => hub.work.nextDue(nextMs))
}
