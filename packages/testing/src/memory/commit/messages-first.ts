/**
 * The commit of a turn, `messages-first`: send everything, then write the instance on condition of its version, then show its state, then delete the inputs. As on Azure Storage.
 *
 * Invariants:
 * 1. Nothing depends on the lock but the deletion of the inputs: the version decides between two that have the instance at once.
 * 2. After a crash before the write the inputs come back, and the turn runs again: what it sent has the same ids, or answers to nobody.
 * 3. Local activities: the backup is sent with the rest, the activity is begun when the commit is certain, and the backup of a result goes after the commit that has the result.
 * 4. After a crash behind the write the inputs come back and are recognised; `recover` shows the state first.
 */
import type { Checkpoint, LocalReservation, OutboundMessage, Settlement } from '@dtfx/core/provider'
import type { OrchestrationItem } from '../orchestration-item.js'
import { InstanceOwner } from '../local/instance-owner.js'
import { MessageBackup } from '../local/message-backup.js'
import { QueuedMessage } from '../queued-message.js'
import { checkReceipts } from '../settle.js'
import { allTaken, type CommitOrder } from './commit-order.js'
import { showWritten, writeInstance } from './write-instance.js'

export const messagesFirst: CommitOrder = {
  recover: showWritten,

  async complete(item, checkpoint) {
    const { record } = item
    if (item.holder.isStopped) throw item.lockLost()
    checkReceipts(checkpoint.settlements, item.receipts)
    const local = item.reserve(checkpoint)
    if (record.checkpointId !== checkpoint.checkpointId) {
      await send(item, checkpoint, local)
      const isWritten = await item.step('write', () => write(item, checkpoint))
      if (!isWritten) {
        await local.undo()
        item.finish()
        return { outcome: 'stale' }
      }
    }
    local.begin(() => InstanceOwner.workOf(item.hub, record, item.holder))
    const { version } = record
    await showWritten(item)
    await settleAll(item, checkpoint.settlements)
    // What was lost in the meantime was not deleted: nobody may take it for gone.
    if (item.isLost) throw item.lockLost()
    item.finish()
    return { outcome: 'committed', version }
  },

  async release(item, settlements) {
    checkReceipts(settlements, item.receipts)
    await showWritten(item)
    await settleAll(item, settlements)
    item.record.suspicions = 0
    item.finish()
  },
}

function send(item: OrchestrationItem, { outbound }: Checkpoint, local: LocalReservation): Promise<void> {
  const { record, hub } = item
  const one = async (message: OutboundMessage): Promise<void> => {
    const { id } = message
    if (local.has(id)) local.hold(id, await item.step('send', () => storeLocked(item, message)))
    else await item.step('send', () => hub.deliver(message, record.instanceId, item.holder.clock))
  }
  return allTaken(outbound.filter(({ id }) => !local.holds(id)).map(one))
}

/** The message of a local activity, locked from the first moment on. */
function storeLocked({ record, hub, holder }: OrchestrationItem, outbound: OutboundMessage): MessageBackup {
  hub.observer?.sent(outbound, record.instanceId)
  const backup = new MessageBackup(hub, holder, hub.arrive(QueuedMessage.from(outbound, record.instanceId)))
  hub.locks.take(backup)
  return backup
}

/** False: another version is stored, and not by an earlier attempt of this commit that took effect late. */
function write({ record, hub }: OrchestrationItem, checkpoint: Checkpoint): boolean {
  if (record.checkpointId === checkpoint.checkpointId) return true
  if ((checkpoint.base ?? 0) !== record.version) return false
  writeInstance(hub, record, checkpoint, { touch: true })
  return true
}

function settleAll(item: OrchestrationItem, settlements: readonly Settlement[]): Promise<void> {
  return allTaken(settlements.map((settlement) => item.settleInStep(settlement)))
}
