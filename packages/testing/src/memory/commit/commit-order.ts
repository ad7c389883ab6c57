/** A discipline whose commit is made of several writes. What one of them leaves undone, the next one to get the instance finishes. */
import type { Checkpoint, CommitResult, Settlement } from '@dtfx/core/provider'
import type { OrchestrationItem } from '../orchestration-item.js'

export interface CommitOrder {
  /** Finishes what an earlier commit left undone. Called before anything of the instance is read or any of its messages is settled. */
  recover(item: OrchestrationItem): Promise<void>
  /** Repeatable with the same checkpoint: what was done is not done again. @throws what a step throws; then the item is still held */
  complete(item: OrchestrationItem, checkpoint: Checkpoint): Promise<CommitResult>
  release(item: OrchestrationItem, settlements: readonly Settlement[]): Promise<void>
}

/** Runs writes side by side and waits for all of them: none is under way any more when the first error is thrown. */
export async function allTaken(writes: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(writes)
  for (const result of results) if (result.status === 'rejected') throw result.reason
}
