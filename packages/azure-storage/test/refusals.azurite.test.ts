/** A worker is refused where another kind of partition manager is at work, or the hub has another number of partitions; clients go on. */
import { BlobServiceClient } from '@azure/storage-blob'
import { defineOrchestration, TaskHubClient, TaskHubWorker } from '@dtfx/core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startAzurite, type Azurite } from './azurite.js'
import { openHub } from './conformance/open-hub.js'

const echo = defineOrchestration('Echo', async (_ctx, n: number) => n)

let azurite: Azurite
beforeAll(async () => void (azurite = await startAzurite()))
afterAll(() => azurite.stop())

it('a worker does not start beside blob leases that are live, nor with another partition count; once they are gone it does', async () => {
  const service = openHub(azurite.connectionString, { taskHub: 'Refused' })
  const client = new TaskHubClient(service)
  await service.createHub()
  const container = BlobServiceClient.fromConnectionString(azurite.connectionString).getContainerClient('refused-leases')
  await container.createIfNotExists()
  const ownership = container.getBlockBlobClient('ownership/refused-control-00')
  await ownership.upload('{}', 2)
  const lease = ownership.getBlobLeaseClient('1312a8a6-0000-0000-0000-000000000000')
  await lease.acquireLease(-1)
  const worker = new TaskHubWorker(service, { orchestrations: [echo] })
  await expect(worker.start()).rejects.toMatchObject({ code: 'DTFX_MIXED_PARTITION_MANAGERS' })
  const handle = await client.start(echo, 1)
  await lease.releaseLease()
  const note = '{"TaskHubName":"Refused","PartitionCount":8}'
  await container.getBlockBlobClient('taskhub.json').upload(note, note.length)
  await expect(worker.start()).rejects.toMatchObject({ code: 'DTFX_PARTITION_COUNT' })
  await container.deleteBlob('taskhub.json')
  await worker.start()
  expect(await handle.result({ timeout: '20s' })).toBe(1)
  await worker.stop()
  await service.close()
})
