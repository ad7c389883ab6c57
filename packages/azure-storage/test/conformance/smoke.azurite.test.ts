import { test } from 'vitest'
import { startAzurite } from '../azurite.js'
import { accountFromConnectionString } from '../../src/storage/storage-account.js'
import { StorageClients } from '../../src/storage/storage-clients.js'

test('chars', async () => {
  const azurite = await startAzurite()
  const read = accountFromConnectionString(azurite.connectionString)
  if ('problem' in read) throw new Error(read.problem)
  const clients = new StorageClients(read.account)
  const table = clients.table('oneHistory')
  await table.createTable()
  const text = '"a\\u0000b\\u0001 \\u007f \u2028 \u2029 \ufffe 😀 é"'
  for (const c of ['a\\u0000b', 'x\\u0001', '\u007f', '\u0085', '\u2028', '\u2029', '\ufffe', '😀', 'é', 'a\\nb', 'a\\r\\nb', '\\"', text]) {
    const done = await Promise.race([
      table.submitTransaction([['upsert', { partitionKey: 'p', rowKey: 'r', Input: c }, 'Replace'], ['upsert', { partitionKey: 'p', rowKey: 's', X: 1 }, 'Merge']]).then(() => 'ok', (e) => 'error ' + e.message.slice(0, 100)),
      new Promise((r) => (globalThis as any)['setTimeout'](() => r('HANG'), 3000)),
    ])
    const got = done === 'ok' ? (await table.getEntity<{ Input: string }>('p', 'r')).Input === c : ''
    console.log(JSON.stringify(c), done, got)
  }
  await azurite.stop()
}, 60000)
