/**
 * A .NET client sends a start before it writes the row that gives the id to it. A start that comes while another execution is alive, and which the row does not name, waits for the row: it may be one
 * that takes the place of that execution. Bounded, because the client may never write it, or have lost to another one.
 */
import { compareTicks, isFinal, type TaskMessage } from '@dtfx/core/provider'
import type { StoredRowOfInstance } from '../tracking/instance-store.js'

/** With pauses that double: about a minute. */
const maxDeliveries = 6

export function isDotnetStart({ event }: TaskMessage, isOfDotnet: boolean): boolean {
  return isOfDotnet && event.type === 'ExecutionStarted' && event.parent === undefined
}

export function isBeforeItsRow({ event, instance }: TaskMessage, row: StoredRowOfInstance | undefined, deliveryCount: number): boolean {
  if (row === undefined || isFinal(row.state.status) || deliveryCount >= maxDeliveries) return false
  return row.state.executionId !== instance.executionId && compareTicks(event.timestamp, row.state.createdAt) > 0
}
