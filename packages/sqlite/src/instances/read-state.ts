/** The state of an instance as clients see it. */
import type { InstanceId, InstanceState } from '@dtfx/core/provider'
import type { Sql } from '../file/sql.js'
import { instanceSql } from '../sql/instance-sql.js'
import { columnOf } from '../sql/text-column.js'
import { stateFrom, type StateRow } from './state-columns.js'

export interface ReadState {
  readonly state: InstanceState
  /** Commits so far. */
  readonly number: number
}

/** `payloads`: also `input` and `output`. */
export function readState(sql: Sql, instanceId: InstanceId, { payloads }: { readonly payloads: boolean }): ReadState | undefined {
  const row = sql.get<StateRow>(payloads ? instanceSql.stateWithPayloads : instanceSql.state, columnOf(instanceId))
  return row === undefined ? undefined : { state: stateFrom(row), number: row.number }
}
