/**
 * The commit of a turn: settlements, history, state, messages and the end of the lock, in one operation of a group.
 * Invariant: whatever shows that the turn may not be committed (another version, another owner) is found before the first write.
 */
import { encodeMessage, isFinal, type Checkpoint, type CommitResult, type OutboundMessage } from '@dtfx/core/provider'
import { ActivityItem } from '../activities/activity-item.js'
import type { Transaction } from '../file/transaction.js'
import { activityName, postMessage } from '../messages/post-message.js'
import { checkReceipts } from '../messages/settle-messages.js'
import { instanceSql } from '../sql/instance-sql.js'
import { messageSql } from '../sql/message-sql.js'
import { columnOf, textOf, type ColumnText } from '../sql/text-column.js'
import { giveBack } from './give-back.js'
import type { HeldAnswer } from './instance-session.js'
import type { OrchestrationItem } from './orchestration-item.js'
import { sendAnswer, settleAll } from './settle-all.js'
import { writeQuietStep } from './quiet-step.js'
import { appendHistory, sameColumn, writeTurn } from './write-state.js'

interface GuardRow {
  readonly owner: number
  readonly number: number
  readonly status: string | null
  readonly custom_status: ColumnText | null
  readonly checkpoint_id: string | null
  readonly execution_id: ColumnText | null
}

export interface EndedTurn {
  /** Results that were not settled. */
  readonly answers: readonly HeldAnswer[]
  /** The worker keeps the instance, because activities of it run here. */
  readonly kept: boolean
  /** Messages wait for it. */
  readonly ready: boolean
}

/** @throws LockLostError, PermanentError */
export function commitTurn(transaction: Transaction, item: OrchestrationItem, checkpoint: Checkpoint): CommitResult {
  return writeQuietStep(transaction.sql, item, checkpoint) ? commitQuietStep(transaction, item, checkpoint) : commitWholeTurn(transaction, item, checkpoint)
}

function commitQuietStep(transaction: Transaction, item: OrchestrationItem, checkpoint: Checkpoint): CommitResult {
  const { sql } = transaction
  const { session, port } = item
  const number = session.number + 1
  appendHistory(sql, session.key, checkpoint.history)
  const answers = settleAll(transaction, item, checkpoint.settlements)
  const rest = checkpoint.outbound.filter((outbound) => !sendLocally(transaction, item, outbound))
  const kept = keepsSession(item, checkpoint, answers.length)
  if (!kept) sql.run(instanceSql.unlock, session.key, port.owner)
  for (const outbound of rest) postMessage({ hub: port.hub, transaction, sender: item.instanceId }, outbound)
  transaction.onCommit(() => {
    session.number = number
    item.end({ answers, kept, ready: false })
  })
  return { outcome: 'committed', version: `${session.key}.${number}` }
}

function commitWholeTurn(transaction: Transaction, item: OrchestrationItem, checkpoint: Checkpoint): CommitResult {
  const { sql } = transaction
  const { session, port } = item
  const row = sql.get<GuardRow>(instanceSql.guard, session.key)
  if (row?.checkpoint_id === checkpoint.checkpointId) return { outcome: 'committed', version: `${session.key}.${row.number}` }
  if (row?.owner !== port.owner || !item.isHeld) throw item.lockLost()
  const { base } = checkpoint
  if (base === undefined ? row.status !== null : base !== `${session.key}.${row.number}`) {
    giveBack(transaction, item, [])
    return { outcome: 'stale' }
  }
  checkReceipts(checkpoint.settlements, item.messages)
  const answers = settleAll(transaction, item, checkpoint.settlements)
  const rest = checkpoint.outbound.filter((outbound) => !sendLocally(transaction, item, outbound))
  const kept = keepsSession(item, checkpoint, answers.length)
  if (!kept) for (const held of [...answers, ...session.answers]) sendAnswer(transaction, port, session, held)
  const after = writeTurn(sql, { key: session.key, owner: kept ? port.owner : 0, before: row, checkpoint })
  for (const outbound of rest) postMessage({ hub: port.hub, transaction, sender: item.instanceId }, outbound)
  const number = after?.number ?? row.number
  transaction.onCommit(() => (session.number = number))
  endTurn(transaction, item, { row, checkpoint, answers, kept, ready: typeof after?.ready === 'number' })
  return { outcome: 'committed', version: `${session.key}.${number}` }
}

/** An activity for which this worker has a free slot is stored already locked, and begins with the commit. */
function sendLocally(transaction: Transaction, item: OrchestrationItem, outbound: OutboundMessage): boolean {
  const { port, session } = item
  const { id, target, message, deliverAt } = outbound
  if (!port.hub.settings.localActivities || target.kind !== 'activity' || deliverAt !== undefined) return false
  const name = activityName(outbound)
  const call = port.takeActivityCall(name)
  if (call === undefined) return false
  transaction.onUndo(() => port.activityCalls.giveBack(call))
  const nowMs = port.hub.clock.nowMs()
  const arrival = transaction.sql.insert(messageSql.insertActivity, port.owner, columnOf(name), 1, nowMs, id, columnOf(item.instanceId), encodeMessage(message, 'plain'))
  const delivered = { id, message, sender: item.instanceId, deliveryCount: 1, faultCount: 0, enqueuedAt: port.hub.clock.nowTicks(), receipt: undefined }
  item.reserved++
  transaction.onUndo(() => item.reserved--)
  transaction.onCommit(() => {
    item.reserved--
    const activity = new ActivityItem(port, arrival, delivered)
    session.running.add(activity)
    call.resolve(activity)
  })
  return true
}

function keepsSession(item: OrchestrationItem, { state }: Checkpoint, answers: number): boolean {
  const { session, reserved, port } = item
  if (port.isStopping || (state !== undefined && isFinal(state.status))) return false
  return session.running.size + reserved + answers + session.answers.length > 0
}

interface TurnParts extends EndedTurn {
  readonly row: GuardRow
  readonly checkpoint: Checkpoint
}

function endTurn(transaction: Transaction, item: OrchestrationItem, { row, checkpoint, answers, kept, ready }: TurnParts): void {
  const { sql } = transaction
  const { session, port } = item
  const { hub } = port
  if (!kept && !ready && row.status === null) sql.run(instanceSql.collect, session.key)
  const { state } = checkpoint
  const changed = state !== undefined && (row.status !== state.status || !sameColumn(row.execution_id, columnOf(state.executionId)) || textOf(row.custom_status) !== state.customStatus)
  transaction.onCommit(() => {
    if (state !== undefined) session.executionId = state.executionId
    item.end({ answers, kept, ready })
    if (changed) hub.instanceChanged(item.instanceId)
  })
}
