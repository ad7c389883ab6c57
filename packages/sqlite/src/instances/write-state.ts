/** The committed part of an instance: history, state, payloads, tags and consumed ids, inside a transaction. Writes only what can have changed: a step costs the same however much there is. */
import { encodeHistory, isFinal, pendingState, type Checkpoint, type InstanceState, type OutboundMessage } from '@dtfx/core/provider'
import type { Sql } from '../file/sql.js'
import { instanceSql } from '../sql/instance-sql.js'
import { columnOf, type ColumnText } from '../sql/text-column.js'
import { completedColumn, executionColumns, stateJson } from './state-columns.js'

/** Of the row before the commit. */
export interface Before {
  readonly status: string | null
  readonly execution_id: ColumnText | null
}

export interface TurnWrite {
  readonly key: number
  /** Of the row from now on; 0: nobody. */
  readonly owner: number
  readonly before: Before
  readonly checkpoint: Checkpoint
}

/** Of the row after it. */
export interface After {
  readonly number: number
  readonly ready: number | null
}

/** Everything of a checkpoint but its messages. */
export function writeTurn(sql: Sql, write: TurnWrite): After | undefined {
  const { key, owner, checkpoint } = write
  const { history, consumedIds, state, checkpointId } = checkpoint
  if (history.kind === 'replace') sql.run(instanceSql.eraseHistory, key)
  appendHistory(sql, key, history)
  if (consumedIds !== undefined) sql.run(instanceSql.writeConsumedIds, key, JSON.stringify(consumedIds))
  if (state !== undefined) return writeStateOf(sql, write, state)
  const moves = history.events.length > 0 || consumedIds !== undefined || history.kind === 'replace' ? 1 : 0
  return sql.get<After>(instanceSql.writeSettled, owner, moves, checkpointId, key)
}

/** One row per turn. */
export function appendHistory(sql: Sql, key: number, { events }: Checkpoint['history']): void {
  if (events.length > 0) sql.run(instanceSql.appendHistory, key, encodeHistory(events, 'plain'))
}

function writeStateOf(sql: Sql, { key, owner, before, checkpoint }: TurnWrite, state: InstanceState): After | undefined {
  const { status } = state
  const final = isFinal(status)
  const executionId = columnOf(state.executionId)
  const sameExecution = before.status !== null && sameColumn(before.execution_id, executionId)
  const step = [owner, checkpoint.checkpointId, columnOf(state.customStatus), state.lastUpdatedAt] as const
  if (final || !sameExecution) sql.run(instanceSql.dropTimers, key, executionId, final ? 1 : 0)
  if (!sameExecution) {
    describeExecution(sql, key, state)
    return sql.get<After>(instanceSql.writeExecution, ...step, status, completedColumn(state), ...executionColumns(state), key)
  }
  if (before.status === status && !final) return sql.get<After>(instanceSql.writeStep, ...step, key)
  if (final) sql.run(instanceSql.describeEnd, stateJson(state), columnOf(state.output), key)
  return sql.get<After>(instanceSql.writeStatus, ...step, status, completedColumn(state), key)
}

/** What stays the same for the whole execution. */
function describeExecution(sql: Sql, key: number, state: InstanceState): void {
  sql.run(instanceSql.describe, key, stateJson(state), columnOf(state.input), columnOf(state.output))
  sql.run(instanceSql.eraseTags, key)
  for (const [tag, value] of Object.entries(state.tags ?? {})) sql.run(instanceSql.insertTag, key, columnOf(tag), columnOf(value))
}

/** The state that a start is stored with. Returns the row's key. */
export function writePending(sql: Sql, start: OutboundMessage, existing: number | undefined): number {
  const state = pendingState(start)
  const columns = [start.id, columnOf(state.customStatus), state.lastUpdatedAt, state.status, ...executionColumns(state)] as const
  let key = existing
  if (key === undefined) key = sql.insert(instanceSql.insertPending, columnOf(state.instanceId), ...columns)
  else {
    sql.run(instanceSql.writePending, ...columns, key)
    sql.run(instanceSql.eraseHistory, key)
  }
  describeExecution(sql, key, state)
  return key
}

/** Forgets the committed part; messages stay. */
export function eraseInstance(sql: Sql, key: number): void {
  sql.run(instanceSql.erase, key)
  for (const text of [instanceSql.eraseHistory, instanceSql.eraseDescription, instanceSql.eraseTags, instanceSql.eraseConsumedIds]) sql.run(text, key)
}

export function sameColumn(a: ColumnText | null, b: ColumnText | null): boolean {
  if (a === b) return true
  return a instanceof Uint8Array && b instanceof Uint8Array && Buffer.compare(a, b) === 0
}
