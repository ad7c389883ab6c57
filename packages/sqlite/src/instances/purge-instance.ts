/** Deletes a finished instance with its history and payloads, inside a transaction; and those that ended long ago, a few at a time. */
import type { Sql } from '../file/sql.js'
import { instanceSql } from '../sql/instance-sql.js'
import type { ColumnText } from '../sql/text-column.js'
import { eraseInstance } from './write-state.js'

export interface PurgeRow {
  readonly key: number
  readonly execution_id: ColumnText | null
}

export function purgeInstance(sql: Sql, { key, execution_id: executionId }: PurgeRow): void {
  // A scheduled start that was terminated before its time would otherwise start again what was purged.
  if (executionId !== null) sql.run(instanceSql.dropDelayed, key, executionId)
  eraseInstance(sql, key)
  sql.run(instanceSql.collect, key)
}
