/** A worker that dies between the last write of a large commit and the deletion of its plan leaves the plan: the purge of the instance takes it. */
import { defineOrchestration, TaskHubClient, TaskHubWorker } from '@dtfx/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hubNames } from '../../src/names.js'
import { planBlobName } from '../../src/rows/large-columns.js'
import { startAzurite, type Azurite } from '../azurite.js'
import { openHub } from '../conformance/open-hub.js'
import { connect } from '../partitions/azurite-hub.js'

let azurite: Azurite
beforeAll(async () => void (azurite = await startAzurite()), 60_000)
afterAll(() => azurite.stop())

test.each(['a', 'a/b', 'a#b'])('the plan that is left of instance %s goes with it', async (instanceId) => {
  const taskHub = `plan${instanceId.length}${instanceId.charCodeAt(1) || 0}`
  const service = openHub(azurite.connectionString, { taskHub, partitionCount: 1 })
  const worker = new TaskHubWorker(service, { orchestrations: [defineOrchestration('Flow', async () => 1)], watchdog: false })
  await worker.start()
  await (await new TaskHubClient(service).start('Flow', undefined, { instanceId })).result()
  await worker.stop()
  const container = connect(azurite.connectionString).container(hubNames(taskHub, 1).largeMessageContainer)
  await container.createIfNotExists()
  const others = planBlobName(`${instanceId}2`, 'one')
  for (const name of [planBlobName(instanceId, 'one'), others]) await container.getBlockBlobClient(name).upload('x', 1)
  expect(await service.purge.purge(instanceId)).toBe('purged')
  const left: string[] = []
  for await (const { name } of container.listBlobsFlat()) left.push(name)
  expect(left).toEqual([others])
  await service.close()
})
