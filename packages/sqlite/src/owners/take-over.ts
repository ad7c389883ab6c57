/** Frees what workers had locked that are gone: their time is over, or their process has ended. */
import type { Sql } from '../file/sql.js'
import type { Transaction } from '../file/transaction.js'
import type { HubAccess } from '../hub-access.js'
import { instanceSql } from '../sql/instance-sql.js'
import { messageSql } from '../sql/message-sql.js'
import { ownerSql } from '../sql/owner-sql.js'
import { isGone } from './process-identity.js'

interface OwnerRow {
  readonly key: number
  readonly process: string
  readonly expires_at: number
}

/** Owners to be taken over from. */
export function goneOwners(sql: Sql, nowMs: number, gone: (process: string) => boolean = isGone): number[] {
  return sql
    .all<OwnerRow>(ownerSql.all)
    .filter((row) => row.expires_at <= nowMs || gone(row.process))
    .map(({ key }) => key)
}

export function takeOver(hub: HubAccess, transaction: Transaction, owner: number): void {
  freeAll(transaction.sql, owner)
  transaction.onCommit(() => hub.work.unknown(hub.clock.nowMs()))
}

/** Everything that an owner has, and the owner itself. */
export function freeAll(sql: Sql, owner: number): void {
  sql.run(instanceSql.unlockAll, owner)
  sql.run(messageSql.unlockActivities, owner)
  sql.run(ownerSql.delete, owner)
}
