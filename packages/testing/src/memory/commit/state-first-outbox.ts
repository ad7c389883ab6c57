/**
 * The commit of a turn, `state-first-outbox`: write the instance together with what it sends, then send that, then complete the inputs. As on Service Bus, where the state of a session is written under its lock.
 *
 * Invariants:
 * 1. The write needs the lock; it is the commit point. Nothing of a turn that is lost is ever sent.
 * 2. The inputs stay until everything is sent: they are what makes somebody look at the outbox again.
 * 3. The outbox is sent by everyone who gets the instance and has not sent it himself; the receivers know the ids.
 */
import type { Checkpoint, Settlement } from '@dtfx/core/provider'
import type { OrchestrationItem } from '../orchestration-item.js'
import { checkReceipts, settleIfHeld } from '../settle.js'
import { allTaken, type CommitOrder } from './commit-order.js'
import { showInstance, writeInstance } from './write-instance.js'

export const stateFirstOutbox: CommitOrder = {
  async recover(item) {
    const { record, hub, holder } = item
    if (record.shown !== record.state) await item.step('show', () => showInstance(hub, record))
    const { outbox } = record
    if (outbox.length === 0 || holder.sent.get(record) === outbox) return
    await allTaken(outbox.map((message) => item.step('send', () => hub.deliver(message, record.instanceId, item.holder.clock))))
    holder.sent.set(record, outbox)
  },

  async complete(item, checkpoint) {
    const { record, taken } = item
    checkReceipts(checkpoint.settlements, taken)
    if (record.checkpointId !== checkpoint.checkpointId) {
      await stateFirstOutbox.recover(item)
      const isWritten = await item.step('write', () => write(item, checkpoint))
      if (!isWritten) {
        item.finish()
        return { outcome: 'stale' }
      }
    }
    const { version } = record
    await stateFirstOutbox.recover(item)
    await settleAll(item, checkpoint.settlements)
    item.finish()
    return { outcome: 'committed', version }
  },

  async release(item, settlements) {
    checkReceipts(settlements, item.taken)
    if (settlements.length > 0) await stateFirstOutbox.recover(item)
    await settleAll(item, settlements)
    item.record.suspicions = 0
    item.finish()
  },
}

function write(item: OrchestrationItem, checkpoint: Checkpoint): boolean {
  const { record, hub } = item
  if (!item.isHeld) throw item.lockLost()
  if ((checkpoint.base ?? 0) !== record.version) return false
  writeInstance(hub, record, checkpoint, { touch: false })
  record.outbox = Object.freeze(checkpoint.outbound.slice())
  return true
}

function settleAll(item: OrchestrationItem, settlements: readonly Settlement[]): Promise<void> {
  return allTaken(
    settlements.map((settlement) =>
      item.step('settle', () => {
        if (!item.isHeld) throw item.lockLost()
        settleIfHeld(item.hub, item, settlement)
      }),
    ),
  )
}
