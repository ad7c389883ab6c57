import { systemClock, systemRandom } from '@dtfx/core/provider'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accountFromConnectionString, codeOf, outcomeOf, repeat } from '@dtfx/azure-common'
import { StorageClients } from '../../src/storage/storage-clients.js'
import { startAzurite, type Azurite } from '../azurite.js'

let azurite: Azurite
beforeAll(async () => void (azurite = await startAzurite()))
afterAll(() => azurite.stop())

const connect = (): StorageClients => {
  const read = accountFromConnectionString(azurite.connectionString)
  if ('problem' in read) throw new Error(read.problem)
  return new StorageClients(read.account)
}

test('every request of the three services is counted once, by operation', async () => {
  const clients = connect()
  const queue = clients.queue('one-control-00')
  await queue.createIfNotExists()
  await queue.sendMessage('a')
  const { receivedMessageItems } = await queue.receiveMessages({ numberOfMessages: 32 })
  const [message] = receivedMessageItems
  const { popReceipt = '' } = await queue.updateMessage(message!.messageId, message!.popReceipt, undefined, 5)
  await queue.deleteMessage(message!.messageId, popReceipt)
  const table = clients.table('oneHistory')
  await table.createTable()
  await table.submitTransaction([['create', { partitionKey: 'p', rowKey: 'r' }]])
  await table.getEntity('p', 'r')
  await table.deleteEntity('p', 'r')
  const container = clients.container('one-largemessages')
  await container.createIfNotExists()
  await container.getBlockBlobClient('a/b').upload('x', 1)
  expect(clients.requests.snapshot()).toEqual({
    'blob put largemessages': 1,
    'blob put largemessages container': 1,
    'queue create control': 1,
    'queue delete control': 1,
    'queue get control': 1,
    'queue put control': 1,
    'queue update control': 1,
    'table create': 1,
    'table delete History': 1,
    'table query History': 1,
    'table transaction History': 1,
  })
})

test('what the service says has one meaning', async () => {
  const clients = connect()
  const table = clients.table('twoHistory')
  await table.createTable()
  await table.createEntity({ partitionKey: 'p', rowKey: 'r' })
  const of = (call: Promise<unknown>): Promise<string> => call.then(() => 'done', (error: unknown) => `${outcomeOf(error)} ${codeOf(error)}`)
  expect(await of(table.createEntity({ partitionKey: 'p', rowKey: 'r' }))).toBe('conflict EntityAlreadyExists')
  expect(await of(table.submitTransaction([['create', { partitionKey: 'p', rowKey: 'r' }]]))).toBe('conflict EntityAlreadyExists')
  expect(await of(table.updateEntity({ partitionKey: 'p', rowKey: 'r' }, 'Replace', { etag: 'W/"datetime\'2020-01-01T00%3A00%3A00.0000000Z\'"' }))).toBe('conflict UpdateConditionNotSatisfied')
  expect(await of(table.getEntity('p', 'none'))).toMatch(/^missing/)
  expect(await of(clients.queue('nowhere').sendMessage('a'))).toBe('missing QueueNotFound')
  const queue = clients.queue('two')
  await queue.create()
  expect(await of(queue.sendMessage('x'.repeat(70_000)))).toMatch(/^invalid/)
})

test('a request without an answer is repeated, a refused one with a coded error', async () => {
  const read = accountFromConnectionString('AccountName=a;AccountKey=a2V5;DefaultEndpointsProtocol=http;QueueEndpoint=http://127.0.0.1:1/a;TableEndpoint=http://127.0.0.1:1/a;BlobEndpoint=http://127.0.0.1:1/a')
  if ('problem' in read) throw new Error(read.problem)
  const clients = new StorageClients(read.account)
  const waits: number[] = []
  const clock = { ...systemClock, setTimer: (delayMs: number, fire: () => void) => (waits.push(delayMs), systemClock.setTimer(0, fire)) }
  const sent = repeat('sending a message', { clock, random: systemRandom }, () => clients.queue('q').sendMessage('a'))
  await expect(sent).rejects.toMatchObject({ code: 'DTFX_TRANSIENT', message: expect.stringContaining('ECONNREFUSED') as string })
  expect(clients.requests.snapshot()).toEqual({ 'queue put q': 5 })
  expect(waits).toHaveLength(4)
})
