/**
 * The commit of a turn, `atomic`: everything of it becomes visible in one step, or nothing does.
 * Invariant: whatever can fail is checked before the first change; the steps below it cannot.
 */
import { isFinal, type Checkpoint, type CommitResult } from '@dtfx/core/provider'
import type { Hub } from './hub.js'
import type { InstanceRecord } from './instance-record.js'
import type { OrchestrationItem } from './orchestration-item.js'
import { settle } from './settle.js'

export function commitAtomically(hub: Hub, item: OrchestrationItem, checkpoint: Checkpoint): CommitResult {
  const { record } = item
  if ((checkpoint.base ?? 0) !== record.version) return { outcome: 'stale' }
  settle(hub, item, checkpoint.settlements)
  writeInstance(hub, record, checkpoint)
  for (const outbound of checkpoint.outbound) hub.post(outbound, record.instanceId)
  return { outcome: 'committed', version: record.version }
}

function writeInstance(hub: Hub, record: InstanceRecord, checkpoint: Checkpoint): void {
  record.suspicions = 0
  if (checkpoint.drop === true) return hub.store.erase(record)
  const { history, state, consumedIds, checkpointId } = checkpoint
  const isWrite = state !== undefined || consumedIds !== undefined || history.kind === 'replace' || history.events.length > 0
  if (isWrite) hub.store.write(record, { history, state, consumedIds })
  record.checkpointId = checkpointId
  if (record.delayed !== undefined && state !== undefined) dropDeadTimers(hub, record)
}

/** Timers that were set by an execution that has ended would only be discarded when they fire: they leave now, and the clock has nothing to wait for. */
function dropDeadTimers(hub: Hub, record: InstanceRecord): void {
  const { state } = record
  if (state === undefined) return
  const liveExecutionId = isFinal(state.status) ? undefined : state.executionId
  hub.dropDelayed(record, ({ message: { event, instance } }) => event.type === 'TimerFired' && instance.executionId !== undefined && instance.executionId !== liveExecutionId)
}
