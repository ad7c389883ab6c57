/**
 * Looks, before a worker starts, for workers that share the partitions of the hub in another way: by leases on blobs. They and the rows of the table do not know of each other; both would listen to every
 * queue. Where such workers have ever been there is also a note of the hub's partition count, which must be ours.
 * Invariant: reads only. A hub without the container was never served in that way.
 */
import { dtfxError, type Clock, type Random } from '@dtfx/core/provider'
import { outcomeOf, readText, repeat } from '@dtfx/azure-common'
import type { StorageClients } from '../storage/storage-clients.js'

export interface MixedManagersOptions {
  readonly clients: StorageClients
  readonly host: { readonly clock: Clock; readonly random: Random }
  readonly taskHub: string
  /** `{taskhub}-leases`. */
  readonly containerName: string
  readonly partitionCount: number
}

/** Folders of the leases of both kinds of managers on blobs; in the second the first lease precedes the other. */
const leaseFolders = ['default/', 'intent/', 'ownership/'] as const
const hubBlobName = 'taskhub.json'

/** @throws DTFX_MIXED_PARTITION_MANAGERS, DTFX_PARTITION_COUNT, DTFX_WIRE_INVALID, TransientError, AmbiguousCommitError, PermanentError */
export async function refuseMixedManagers(options: MixedManagersOptions): Promise<void> {
  const { clients, host, containerName, taskHub } = options
  const container = clients.container(containerName)
  const found = await repeat('listing the lease blobs', host, async () => {
    const blobs: { readonly name: string; readonly leased: boolean }[] = []
    for await (const { name, properties } of container.listBlobsFlat()) blobs.push({ name, leased: properties.leaseState === 'leased' })
    return blobs
  }).catch(unlessMissing)
  if (found === undefined) return
  const live = found.filter(({ name, leased }) => leased && leaseFolders.some((folder) => name.startsWith(folder)))
  if (live.length > 0) throw dtfxError('DTFX_MIXED_PARTITION_MANAGERS', { taskHub, blobs: live.map(({ name }) => name).join(', ') })
  if (found.some(({ name }) => name === hubBlobName)) await refuseOtherCount(options)
}

async function refuseOtherCount({ clients, host, containerName, taskHub, partitionCount }: MixedManagersOptions): Promise<void> {
  const text = await repeat(`reading ${hubBlobName}`, host, () => readText(clients.container(containerName).getBlobClient(hubBlobName))).catch(unlessMissing)
  if (text === undefined) return
  const actual = partitionCountOf(text)
  if (actual === undefined) throw dtfxError('DTFX_WIRE_INVALID', { what: `blob '${hubBlobName}' of task hub '${taskHub}'`, problem: 'it has no PartitionCount' })
  if (actual !== partitionCount) throw dtfxError('DTFX_PARTITION_COUNT', { taskHub, actual, expected: partitionCount })
}

function partitionCountOf(text: string): number | undefined {
  try {
    const value = JSON.parse(text) as { readonly PartitionCount?: unknown } | null
    return typeof value?.PartitionCount === 'number' ? value.PartitionCount : undefined
  } catch {
    return undefined
  }
}

function unlessMissing(error: unknown): undefined {
  if (outcomeOf(error) === 'missing') return undefined
  throw error
}
