import { afterAll, beforeAll, expect, test } from 'vitest'
import { AzureQueryPort } from '../src/query-port.js'
import { hubNames } from '../src/names.js'
import { StorageLog } from '../src/storage-log.js'
import { startAzurite, type Azurite } from './azurite.js'
import { host, openStores, stateOf } from './tracking/hub-stores.js'

let azurite: Azurite
beforeAll(async () => void (azurite = await startAzurite()))
afterAll(() => azurite.stop())

test('a row that cannot be read is left out, and the log says so', async () => {
  const { clients, instances, instancesTable } = await openStores(azurite.connectionString, 'queries')
  const lines: string[] = []
  const log = new StorageLog({ enabled: () => true, log: (_level, message, fields) => void lines.push(`${message} ${String(fields?.['instanceId'])}`) }, 'account', 'queries')
  await instances.claim({ state: stateOf('a'), startMessageId: 'm', startMessages: [] }, undefined)
  await instancesTable.createEntity({ partitionKey: 'b', rowKey: '', RuntimeStatus: 'nonsense' })
  const port = new AzureQueryPort({ clients, names: hubNames('queries', 1), host, instances, log })
  const page = await port.query({}, { size: 10, payloads: true })
  expect(page.instances.map(({ instanceId }) => instanceId)).toEqual(['a'])
  expect(lines).toEqual(['row of an instance cannot be read: a query leaves it out b'])
})
