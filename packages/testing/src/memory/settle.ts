/** What becomes of the messages of an item. Messages without a settlement stay with the item, which gives them back when it ends. */
import { PermanentError, type Clock, type Settlement } from '@dtfx/core/provider'
import type { HeldItem } from './held-item.js'
import type { Hub } from './hub.js'
import { QueuedMessage } from './queued-message.js'

/** The receipts of all settlements are of this item. @throws PermanentError */
export function checkReceipts(settlements: readonly Settlement[], taken: readonly object[]): void {
  for (const { receipt } of settlements) {
    if (!taken.includes(receipt as object)) throw foreignReceipt()
  }
}

/** One settlement by a holder that may have lost the message in the meantime: then it is no longer his, and stays. */
export function settleIfHeld(hub: Hub, item: HeldItem, settlement: Settlement): void {
  if ((settlement.receipt as QueuedMessage).holder === item) settleOne(hub, settlement, item.holder.clock)
}

/** @throws PermanentError, before anything is changed, for a receipt that is not of this item */
export function settle(hub: Hub, item: HeldItem, settlements: readonly Settlement[]): void {
  for (const { receipt } of settlements) {
    if (!(receipt instanceof QueuedMessage) || receipt.holder !== item) throw foreignReceipt()
  }
  for (const settlement of settlements) settleOne(hub, settlement, item.holder.clock)
}

function foreignReceipt(): PermanentError {
  return new PermanentError('settling a message', 'its receipt is not of this work item')
}

/** What becomes of one message. */
export function settleOne(hub: Hub, { receipt, outcome, code, reason, until }: Settlement, clock: Clock): void {
  const message = receipt as QueuedMessage
  const at = until === undefined ? undefined : hub.timeOf(until, clock)
  message.holder = undefined
  switch (outcome) {
    case 'consumed':
    case 'discard':
      return
    case 'quarantine':
      return hub.quarantine.add(message, code ?? 'DTFX_POISON', reason ?? '')
    case 'fault':
      message.faultCount++
      return hub.place(message, at)
    case 'defer':
      return hub.place(message, at)
  }
}
