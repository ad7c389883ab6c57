/** The end of an item without a commit: its messages are settled or available again, its results wait on, and the instance is free unless activities of it still run here. */
import type { Settlement } from '@dtfx/core/provider'
import type { Transaction } from '../file/transaction.js'
import { checkReceipts } from '../messages/settle-messages.js'
import { instanceSql } from '../sql/instance-sql.js'
import type { OrchestrationItem } from './orchestration-item.js'
import { settleAll } from './settle-all.js'
import type { After } from './write-state.js'

/** @throws LockLostError, PermanentError */
export function giveBack(transaction: Transaction, item: OrchestrationItem, settlements: readonly Settlement[]): void {
  const { sql } = transaction
  const { session, port } = item
  checkReceipts(settlements, item.messages)
  if (!item.isHeld) throw item.lockLost()
  const answers = settleAll(transaction, item, settlements)
  const kept = session.running.size > 0 || answers.length > 0 || session.answers.length > 0
  const after = sql.get<After>(instanceSql.giveBack, kept ? port.owner : 0, session.key, port.owner)
  if (after === undefined) throw item.lockLost()
  const ready = after.ready !== null
  if (!kept && !ready) sql.run(instanceSql.collect, session.key)
  transaction.onCommit(() => item.end({ answers, kept, ready }))
}
