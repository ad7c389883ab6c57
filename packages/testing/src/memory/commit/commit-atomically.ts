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
  const { record } = item
  if ((checkpoint.base ?? 0) !== record.version) return { outcome: 'stale' }
  settle(hub, item, checkpoint.settlements)
  writeInstance(hub, record, checkpoint, { touch: false })
  if (checkpoint.state !== undefined) showInstance(hub, record)
  for (const outbound of checkpoint.outbound) hub.post(outbound, record.instanceId, item.holder)
  return { outcome: 'committed', version: record.version }
}
