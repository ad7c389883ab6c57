/**
 * Names of everything that a task hub has in a storage account, and whether a hub name can give them. Pure.
 * Tables keep the case of the hub's name; queues and containers are lower case, so two hubs that differ in case only share them, as in .NET.
 */
import { dtfxError } from '@dtfx/core/provider'
import { partitionOf } from './partition-hash.js'

export interface HubNames {
  readonly hub: string
  readonly historyTable: string
  readonly instancesTable: string
  readonly partitionsTable: string
  /** Ours: messages that were set aside. */
  readonly quarantineTable: string
  /** By partition. */
  readonly controlQueues: readonly string[]
  readonly workItemQueue: string
  readonly leaseContainer: string
  readonly largeMessageContainer: string
  readonly appLeaseContainer: string
  readonly appLeaseBlob: string
}

/** Of .NET: more control queues than this no worker takes. */
export const maxPartitions = 16

/** A table name has at most 63 characters, of which the longest suffix takes 10; a container name as many, of which `-largemessages` takes 14. */
const maxHubNameLength = 63 - '-largemessages'.length

export function hubNames(hub: string, partitionCount: number): HubNames {
  const lower = hub.toLowerCase()
  return {
    hub,
    historyTable: `${hub}History`,
    instancesTable: `${hub}Instances`,
    partitionsTable: `${hub}Partitions`,
    quarantineTable: `${hub}Quarantine`,
    controlQueues: Array.from({ length: partitionCount }, (_, index) => controlQueueName(hub, index)),
    workItemQueue: `${lower}-workitems`,
    leaseContainer: `${lower}-leases`,
    largeMessageContainer: `${lower}-largemessages`,
    appLeaseContainer: `${lower}-applease`,
    appLeaseBlob: `${lower}-appleaseinfo`,
  }
}

export function controlQueueName(hub: string, partition: number): string {
  return `${hub.toLowerCase()}-control-${String(partition).padStart(2, '0')}`
}

/** The control queue that gets the messages for an instance. */
export function controlQueueOf({ controlQueues }: Pick<HubNames, 'controlQueues'>, instanceId: string): string {
  return controlQueues[partitionOf(instanceId, controlQueues.length)] as string
}

/**
 * Table names are the strictest: letters and digits, not beginning with a digit. `source` says where the name comes from.
 * @throws DTFX_CONFIG_INVALID
 */
export function checkHubName(hub: string, source: string, key = 'taskHub'): void {
  const problem = hubNameProblem(hub)
  if (problem !== undefined) throw dtfxError('DTFX_CONFIG_INVALID', { source, key, problem })
}

/** The rest of a sentence that begins with the key of the option; undefined: the name is fine. */
export function hubNameProblem(hub: string): string | undefined {
  if (!/^[A-Za-z][A-Za-z0-9]*$/.test(hub)) return `is '${hub.slice(0, 80)}'; give letters and digits only, beginning with a letter, because tables are named after it`
  if (hub.length < 3 || hub.length > maxHubNameLength) return `has ${hub.length} characters; give 3 to ${maxHubNameLength}`
  return undefined
}
