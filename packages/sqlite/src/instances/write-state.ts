/** The committed part of an instance: history, state, payloads, tags and consumed ids, inside a transaction. Writes only what can have changed: a step costs the same however much there is. */
import { encodeHistory, isFinal, pendingState, type Checkpoint, type InstanceState, type OutboundMessage } from '@dtfx/core/provider'
import type { Sql } from '../file/sql.js'
import { instanceSql } from '../sql/instance-sql.js'
import { columnOf, type ColumnText } from '../sql/text-column.js'
import { completedColumn, identityColumns, stateJson } from './state-columns.js'

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

/** Everything of a checkpoint but its messages. */
export function writeTurn(sql: Sql, write: TurnWrite): void {
  const { key, owner, checkpoint } = write
  if (checkpoint.drop === true) {
    eraseInstance(sql, key)
    sql.run(instanceSql.writeSettled, owner, 0, null, key)
    return
  }
  const { history, consumedIds, state, checkpointId } = checkpoint
  if (history.kind === 'replace') sql.run(instanceSql.eraseHistory, key)
  if (history.events.length > 0) sql.run(instanceSql.appendHistory, key, encodeHistory(history.events, 'plain'))
  if (consumedIds !== undefined) sql.run(instanceSql.writeConsumedIds, key, JSON.stringify(consumedIds))
  if (state !== undefined) return writeStateOf(sql, write, state)
  const moves = history.events.length > 0 || consumedIds !== undefined || history.kind === 'replace' ? 1 : 0
  sql.run(instanceSql.writeSettled, owner, moves, checkpointId, key)
}

function writeStateOf(sql: Sql, { key, owner, before, checkpoint }: TurnWrite, state: InstanceState): void {
  const executionId = columnOf(state.executionId)
  const sameExecution = before.status !== null && sameColumn(before.execution_id, executionId)
  const json = stateJson(state)
  const customStatus = columnOf(state.customStatus)
  if (sameExecution && before.status === state.status && !isFinal(state.status)) {
    sql.run(instanceSql.writeStep, owner, checkpoint.checkpointId, customStatus, json, key)
    return
  }
  sql.run(instanceSql.writeState, owner, checkpoint.checkpointId, customStatus, json, ...identityColumns(state), completedColumn(state), key)
  if (sameExecution) {
    if (state.output !== undefined) sql.run(instanceSql.writeOutput, columnOf(state.output), key)
  } else writeDescription(sql, key, state)
  const final = isFinal(state.status)
  if (final || !sameExecution) sql.run(instanceSql.dropTimers, key, executionId, final ? 1 : 0)
}

/** What stays the same for the whole execution. */
function writeDescription(sql: Sql, key: number, { input, output, tags }: InstanceState): void {
  sql.run(instanceSql.writeInput, key, columnOf(input), columnOf(output))
  sql.run(instanceSql.eraseTags, key)
  for (const [tag, value] of Object.entries(tags ?? {})) sql.run(instanceSql.insertTag, key, columnOf(tag), columnOf(value))
}

/** The state that a start is stored with. Returns the row's key. */
export function writePending(sql: Sql, start: OutboundMessage, existing: number | undefined): number {
  const state = pendingState(start)
  const columns = [start.id, columnOf(state.customStatus), stateJson(state), ...identityColumns(state)] as const
  let key = existing
  if (key === undefined) key = sql.insert(instanceSql.insertPending, columnOf(state.instanceId), ...columns)
  else {
    sql.run(instanceSql.writePending, ...columns, key)
    sql.run(instanceSql.eraseHistory, key)
  }
  writeDescription(sql, key, state)
  return key
}

/** Forgets the committed part; messages stay. */
export function eraseInstance(sql: Sql, key: number): void {
  sql.run(instanceSql.erase, key)
  for (const text of [instanceSql.eraseHistory, instanceSql.erasePayloads, instanceSql.eraseTags, instanceSql.eraseConsumedIds]) sql.run(text, key)
}

export function sameColumn(a: ColumnText | null, b: ColumnText | null): boolean {
  if (a === b) return true
  return a instanceof Uint8Array && b instanceof Uint8Array && Buffer.compare(a, b) === 0
}
