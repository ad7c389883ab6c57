/** Puts back what a store kept. Messages that were locked are active again: locks end with the process. */
import type { Broker } from '../broker/broker.js'
import type { Change } from '../broker/journal.js'

export function restoreBroker(broker: Broker, changes: Iterable<Change>): void {
  for (const change of changes) {
    switch (change.kind) {
      case 'queue':
        broker.restoreQueue(change.settings)
        break
      case 'message':
        broker.queue(change.queue).restore(change.message)
        break
      case 'session-state':
        broker.queue(change.queue).sessions.obtain(change.sessionId).state = change.state
        break
      case 'seen':
        broker.queue(change.queue).seen.add(change.messageId, change.untilMs)
        break
      case 'sequence':
        broker.queue(change.queue).messages.restoreSequence(change.lastSequenceNumber)
        break
      case 'queue-gone':
      case 'message-gone':
        break
    }
  }
}
