/**
 * The commit of a turn, `state-first-outbox`: write the instance together with what it sends, then send that, then complete the inputs. As on Service Bus, where the state of a session is written under its lock.
 *
 * Invariants:
 * 1. The write needs the lock; it is the commit point. Nothing of a turn that is lost is ever sent.
 * 2. The inputs stay until everything is sent: they are what makes somebody look at the outbox again.
 * 3. The outbox is sent by everyone who gets the instance and has not sent it himself; the receivers know the ids.
 * 4. Local activities stay in the outbox. While one runs, the lock is kept and one input stays; the commit that has its result takes it out of the outbox.
 */
import { LocalCompletion, type Checkpoint, type LocalReservation, type Settlement } from '@dtfx/core/provider'
import { InstanceOwner } from '../local/instance-owner.js'
import { OutboxBackup, type OutboxEntry } from '../local/outbox-backup.js'
import type { OrchestrationItem } from '../orchestration-item.js'
import { QueuedMessage } from '../queued-message.js'
import { checkReceipts } from '../settle.js'
import { allTaken, type CommitOrder } from './commit-order.js'
import { showWritten, writeInstance } from './write-instance.js'

export const stateFirstOutbox: CommitOrder = {
  recover: (item) => catchUp(item, undefined),

  async complete(item, checkpoint) {
    const { record } = item
    checkReceipts(checkpoint.settlements, item.receipts)
    const local = item.reserve(checkpoint)
    if (record.checkpointId !== checkpoint.checkpointId) {
      await catchUp(item, undefined)
      const isWritten = await item.step('write', () => write(item, checkpoint))
      if (!isWritten) {
        item.finish()
        return { outcome: 'stale' }
      }
    }
    const { version } = record
    await catchUp(item, local)
    begin(item, local)
    await settleInputs(item, checkpoint.settlements)
    return { outcome: 'committed', version }
  },

  async release(item, settlements) {
    checkReceipts(settlements, item.receipts)
    if (settlements.length > 0) await catchUp(item, undefined)
    await settleInputs(item, settlements)
    item.record.suspicions = 0
  },
}

/** Shows what was written, and sends what this process has not sent, does not run itself and has not reserved. */
async function catchUp(item: OrchestrationItem, reserved: LocalReservation | undefined): Promise<void> {
  await showWritten(item)
  const { record, hub, holder } = item
  // The next turn has the instance by now, or somebody else: what is local to that, only that knows.
  if (record.item !== item) return
  const open = record.outbox.filter((entry) => {
    const { id } = entry.outbound
    return !holder.sent.has(entry) && reserved?.has(id) !== true && !isLocal(item, id)
  })
  await allTaken(
    open.map(async (entry) => {
      await item.step('send', () => hub.deliver(entry.outbound, record.instanceId, holder.clock))
      holder.sent.add(entry)
    }),
  )
}

/** The activities of the outbox that have a slot start; the entry is what keeps each of them. */
function begin(item: OrchestrationItem, local: LocalReservation): void {
  const { record, hub, holder } = item
  for (const entry of item.isHeld ? record.outbox : []) {
    const { id } = entry.outbound
    if (!local.has(id)) continue
    const backup = new OutboxBackup(hub, holder, record, entry)
    hub.locks.take(backup)
    local.hold(id, backup)
  }
  local.begin(() => InstanceOwner.workOf(hub, record, holder))
}

/** It runs here, or its result is here: with the turn in progress, or waiting for one. */
function isLocal({ record, holder, completions }: OrchestrationItem, id: string): boolean {
  if (record.local?.holder !== holder) return false
  return record.local.work.has(id) || completions.some(({ activity }) => activity.delivered.id === id)
}

/** False: another version is stored, and not by an earlier attempt of this commit that took effect late. */
function write(item: OrchestrationItem, checkpoint: Checkpoint): boolean {
  const { record, hub, holder } = item
  if (record.checkpointId === checkpoint.checkpointId) return true
  if (!item.isHeld) throw item.lockLost()
  if ((checkpoint.base ?? 0) !== record.version) return false
  const answered = answeredBy(checkpoint)
  const carried = record.outbox.filter((entry) => !holder.sent.has(entry) && !answered.has(entry.outbound.id))
  writeInstance(hub, record, checkpoint, { touch: false })
  record.outbox = Object.freeze([...carried, ...checkpoint.outbound.map((outbound): OutboxEntry => ({ outbound }))])
  return true
}

/** Local activities whose results the turn has taken. */
function answeredBy({ settlements }: Checkpoint): ReadonlySet<string> {
  const answered = new Set<string>()
  for (const { receipt, outcome } of settlements) {
    if (receipt instanceof LocalCompletion && (outcome === 'consumed' || outcome === 'discard')) answered.add(receipt.activity.delivered.id)
  }
  return answered
}

/** The oldest input stays as long as activities run here. */
async function settleInputs(item: OrchestrationItem, settlements: readonly Settlement[]): Promise<void> {
  const all = item.retained === undefined ? settlements : [{ receipt: item.retained, outcome: 'consumed' as const }, ...settlements]
  const kept = item.hasUnsent ? all.find(({ receipt, outcome }) => receipt instanceof QueuedMessage && receipt.holder === item && (outcome === 'consumed' || outcome === 'discard')) : undefined
  await allTaken(all.filter((settlement) => settlement !== kept).map((settlement) => settleHeld(item, settlement)))
  if (item.isLost) throw item.lockLost()
  if (kept === undefined) return item.finish()
  item.keepSession(kept.receipt as QueuedMessage)
  await item.endSession()
}

async function settleHeld(item: OrchestrationItem, settlement: Settlement): Promise<void> {
  if (!item.isHeld) throw item.lockLost()
  await item.settleInStep(settlement)
}
