/** What becomes of the messages of an item. Messages without a settlement stay with the item, which gives them back when it ends. */
import { PermanentError, type Settlement } from '@dtfx/core/provider'
import type { HeldItem } from './held-item.js'
import type { Hub } from './hub.js'
import { QueuedMessage } from './queued-message.js'

/** @throws PermanentError, before anything is changed, for a receipt that is not of this item */
export function settle(hub: Hub, item: HeldItem, settlements: readonly Settlement[]): void {
  for (const { receipt } of settlements) {
    if (!(receipt instanceof QueuedMessage) || receipt.holder !== item) throw new PermanentError('settling a message', 'its receipt is not of this work item')
  }
  for (const settlement of settlements) settleOne(hub, settlement)
}

function settleOne(hub: Hub, { receipt, outcome, code, reason, until }: Settlement): void {
  const message = receipt as QueuedMessage
  message.holder = undefined
  switch (outcome) {
    case 'consumed':
    case 'discard':
      return
    case 'quarantine':
      return hub.quarantine.add(message, code ?? 'DTFX_POISON', reason ?? '')
    case 'fault':
      message.faultCount++
      return hub.place(message, until)
    case 'defer':
      return hub.place(message, until)
  }
}
