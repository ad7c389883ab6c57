/** The part of a commit that all disciplines share: history, state and consumed ids of the instance, in one step. */
import { isFinal, type Checkpoint } from '@dtfx/core/provider'
import type { Hub } from '../hub.js'
import type { InstanceRecord } from '../instance-record.js'
import type { OrchestrationItem } from '../orchestration-item.js'

/** `touch`: the version moves on even if nothing but messages was settled, so that a commit on the old one is stale. */
export function writeInstance(hub: Hub, record: InstanceRecord, checkpoint: Checkpoint, options: { readonly touch: boolean }): void {
  record.suspicions = 0
  const { history, state, consumedIds, checkpointId } = checkpoint
  const isWrite = options.touch || state !== undefined || consumedIds !== undefined || history.kind === 'replace' || history.events.length > 0
  if (isWrite) hub.store.write(record, { history, state, consumedIds })
  record.checkpointId = checkpointId
}

/** Makes a written state visible that a commit has left behind, as a step. */
export async function showWritten(item: OrchestrationItem): Promise<void> {
  const { record, hub } = item
  if (record.shown !== record.state) await item.step('show', () => showInstance(hub, record))
}

/**
 * Makes the state visible. Timers that were set by an execution that has ended would only be discarded when they fire: they leave now, and the clock has nothing to wait for.
 * Those of an execution that nobody knows yet stay: where messages go first they are here before the commit that begins it.
 */
export function showInstance(hub: Hub, record: InstanceRecord): void {
  const before = record.shown?.executionId
  hub.store.show(record)
  const { state } = record
  if (state === undefined || record.delayed === undefined) return
  const { executionId, status } = state
  const hasEnded = (of: string): boolean => (of === executionId ? isFinal(status) : hub.commit !== 'messages-first' || of === before)
  hub.dropDelayed(record, ({ message: { event, instance } }) => event.type === 'TimerFired' && instance.executionId !== undefined && hasEnded(instance.executionId))
}
