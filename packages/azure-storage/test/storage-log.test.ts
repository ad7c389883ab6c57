import { logEvents, type Logger } from '@dtfx/core/provider'
import { expect, it } from 'vitest'
import { StorageLog } from '../src/storage-log.js'

function logged(isEnabled: boolean, use: (log: StorageLog) => void): unknown[][] {
  const lines: unknown[][] = []
  const logger: Logger = { enabled: () => isEnabled, log: (...line) => void lines.push(line) }
  use(new StorageLog(logger, 'acme', 'Orders'))
  return lines
}

const scope = { account: 'acme', taskHub: 'Orders' }
const busy = Object.assign(new Error('busy'), { statusCode: 503, code: 'ServerBusy' })

it.each<[string, (log: StorageLog) => void, unknown[]]>([
  ['a queue that does not answer', (log) => log.failed('orders-control-00', busy), ['warn', "messages not fetched: 'orders-control-00' is tried again", { ...scope, queue: 'orders-control-00', status: 503, code: 'ServerBusy', error: busy }, logEvents.queueFailed.id]],
  ['a lost race', (log) => log.lostRace('order-7'), ['warn', 'another worker wrote the instance: the turn is done anew', { ...scope, instanceId: 'order-7' }, logEvents.instanceRaced.id]],
  ['a finished commit', (log) => log.finished('order-7', 'state'), ['info', 'rest of an earlier commit written: state', { ...scope, instanceId: 'order-7', what: 'state' }, logEvents.commitFinished.id]],
])('says where and with which id: %s', (_, use, line) => {
  expect(logged(true, use)).toEqual([line])
  expect(logged(false, use)).toEqual([])
})
