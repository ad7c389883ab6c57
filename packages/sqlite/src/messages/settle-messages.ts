/** What becomes of the messages of an instance. Those without a settlement stay where they are, and the end of the item makes them available again. */
import { dueMsFromTicks, PermanentError, type Delivered, type Settlement } from '@dtfx/core/provider'
import type { Transaction } from '../file/transaction.js'
import type { HubAccess } from '../hub-access.js'
import { messageSql } from '../sql/message-sql.js'
import { columnOf } from '../sql/text-column.js'
import type { MessageReceipt, MessageRow } from './stored-message.js'

/** The receipts of all settlements are of this item. @throws PermanentError */
export function checkReceipts(settlements: readonly Settlement[], messages: readonly Delivered[]): void {
  for (const { receipt } of settlements) {
    if (!messages.some((message) => message.receipt === receipt)) throw new PermanentError('settling a message', 'its receipt is not of this work item')
  }
}

export function settleMessage(hub: HubAccess, transaction: Transaction, receipt: MessageReceipt, settlement: Omit<Settlement, 'receipt'>): void {
  const { sql } = transaction
  const { arrival } = receipt
  const { outcome } = settlement
  if (outcome === 'consumed' || outcome === 'discard') return void sql.run(messageSql.delete, arrival)
  if (outcome === 'quarantine') {
    const row = sql.get<MessageRow>(messageSql.get, arrival)
    if (row !== undefined) setAside(hub, transaction, row, { ...settlement, target: receipt.message.instance.instanceId })
    return void sql.run(messageSql.delete, arrival)
  }
  if (outcome === 'fault') sql.run(messageSql.countFault, arrival)
  const dueMs = laterMs(hub, settlement)
  if (dueMs === undefined) return
  sql.run(messageSql.delayMessage, dueMs, columnOf(receipt.message.instance.executionId), arrival)
  sql.run(messageSql.delete, arrival)
  transaction.onCommit(() => hub.work.due(dueMs))
}

/** When a message is to come again, if that is not now. */
export function laterMs(hub: HubAccess, { until }: Pick<Settlement, 'until'>): number | undefined {
  const dueMs = until === undefined ? 0 : dueMsFromTicks(until)
  return dueMs > hub.clock.nowMs() ? dueMs : undefined
}

export interface SetAside {
  /** Instance it goes back to; absent: an activity. */
  readonly target?: string
  readonly name?: string
  readonly code?: string | undefined
  readonly reason?: string | undefined
}

export function setAside(hub: HubAccess, { sql }: Transaction, row: Pick<MessageRow, 'id' | 'reply_to' | 'sender' | 'message'>, { target, name, code, reason }: SetAside): void {
  sql.run(messageSql.setAside, row.id, columnOf(target), columnOf(name), row.reply_to ?? null, row.sender, row.message, code ?? 'DTFX_POISON', reason ?? '', hub.clock.nowTicks())
}
