/** What is signed, and how: against a signature that was made step by step from the description of the REST API. That the service takes it is shown by every test on an emulator. */
import { createHmac } from 'node:crypto'
import { expect, it } from 'vitest'
import { tableSignature } from '../src/table-signature.js'

const accountKey = Buffer.from('a key of some bytes').toString('base64')

async function signed(url: string): Promise<{ readonly date: string; readonly authorization: string }> {
  const headers = new Map<string, string>()
  const request = { url, headers } as unknown as Parameters<ReturnType<typeof tableSignature>['sendRequest']>[0]
  await tableSignature({ accountName: 'orders', accountKey }).sendRequest(request, () => Promise.resolve({} as never))
  return { date: headers.get('x-ms-date') ?? '', authorization: headers.get('authorization') ?? '' }
}

it.for([
  ['a table', "https://orders.table.core.windows.net/Hub(PartitionKey='a%20b',RowKey='')?$select=State", "/orders/Hub(PartitionKey='a%20b',RowKey='')"],
  ['an emulator, which has the account in its path', 'http://127.0.0.1:10002/devstoreaccount1/$batch', '/orders/devstoreaccount1/$batch'],
  ['the only parameter that counts', 'https://orders.table.core.windows.net/?restype=service&comp=properties', '/orders/?comp=properties'],
] as const)('%s', async ([, url, resource]) => {
  const { date, authorization } = await signed(url)
  expect(date).toMatch(/^\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT$/)
  const signature = createHmac('sha256', Buffer.from(accountKey, 'base64')).update(`${date}\n${resource}`).digest('base64')
  expect(authorization).toBe(`SharedKeyLite orders:${signature}`)
})
