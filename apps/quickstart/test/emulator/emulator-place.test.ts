import { expect, it } from 'vitest'
import { emulatorPlaceOf } from '../../src/emulator/emulator-place.js'

const at = (base: (port: number) => string, accountName = 'devstoreaccount1') => ({ accountName, blobUrl: base(10_000), queueUrl: base(10_001), tableUrl: base(10_002) })

it.each(['127.0.0.1', 'localhost'])('an emulator on %s is on this machine', (host) => {
  expect(emulatorPlaceOf(at((port) => `http://${host}:${port}/devstoreaccount1`))).toEqual({ host, ports: { blob: 10_000, queue: 10_001, table: 10_002 } })
})

it.each([
  ['an account of Azure', at(() => 'https://orders.queue.core.windows.net', 'orders')],
  ['an emulator on another machine', at((port) => `http://azurite:${port}/devstoreaccount1`)],
  ['an emulator with certificates of its own', at((port) => `https://127.0.0.1:${port}/devstoreaccount1`)],
  ['another account of an emulator', at((port) => `http://127.0.0.1:${port}/mine`, 'mine')],
])('%s is none that could be started', (_, account) => expect(emulatorPlaceOf(account)).toBeUndefined())
