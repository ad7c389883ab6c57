/** Filters of the tables of a hub. */
import { escapeKey, odataText } from '@dtfx/azure-common'

/** Rows of one instance; with an execution id only those of that execution, and the sentinel. */
export function historyFilter(instanceId: string, executionId?: string): string {
  const partition = `PartitionKey eq ${odataText(escapeKey(instanceId))}`
  return executionId === undefined ? partition : `${partition} and (RowKey eq 'sentinel' or ExecutionId eq ${odataText(executionId)})`
}
