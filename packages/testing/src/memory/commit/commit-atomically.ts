/**
 * The commit of a turn, `atomic`: everything of it becomes visible in one step, or nothing does.
 * Invariant: whatever can fail is checked before the first change; the steps below it cannot.
 */
import type { Checkpoint, CommitResult } from '@dtfx/core/provider'
import type { Hub } from '../hub.js'
import type { OrchestrationItem } from '../orchestration-item.js'
import { settle } from '../settle.js'
import { showInstance, writeInstance } from './write-instance.js'

export function commitAtomically(hub: Hub, item: OrchestrationItem, checkpoint: Checkpoint): CommitResult {
  const { record, holder } = item
  if ((checkpoint.base ?? 0) !== record.version) return { outcome: 'stale' }
  settle(hub, item, checkpoint.settlements)
  writeInstance(hub, record, checkpoint, { touch: false })
  if (checkpoint.state !== undefined) showInstance(hub, record)
  for (const outbound of checkpoint.outbound) {
    if (hub.mayRunLocally(outbound)) hub.postLocal(outbound, record.instanceId, holder)
    else hub.post(outbound, record.instanceId, holder.clock)
  }
  return { outcome: 'committed', version: record.version }
}
