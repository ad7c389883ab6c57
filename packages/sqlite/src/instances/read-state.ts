/** The state of an instance as clients see it. */
import type { InstanceId, InstanceState } from '@dtfx/core/provider'
import type { Sql } from '../file/sql.js'
import { instanceSql } from '../sql/instance-sql.js'
import { columnOf } from '../sql/text-column.js'
import { stateFrom, type PayloadRow, type StateRow } from './state-columns.js'

export interface StateOptions {
  /** Also `input` and `output`. */
  readonly payloads: boolean
}

export function readState(sql: Sql, instanceId: InstanceId, options: StateOptions): { readonly state: InstanceState; readonly number: number } | undefined {
  const row = sql.get<StateRow>(instanceSql.state, columnOf(instanceId))
  return row === undefined ? undefined : { state: stateOf(sql, row, options), number: row.number }
}

export function stateOf(sql: Sql, row: StateRow, { payloads }: StateOptions): InstanceState {
  return stateFrom(row, payloads ? sql.get<PayloadRow>(instanceSql.payloads, row.key) : undefined)
}
