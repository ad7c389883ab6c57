/** A receiver of the worker queue that is not needed any more, while one of its messages is still in work. */
import { ServiceBusClient } from '@azure/service-bus'
import { RequestCounter } from '@dtfx/azure-common'
import { resolveHost } from '@dtfx/core/provider'
import { startServiceBusEmulator } from '@dtfx/service-bus-emulator'
import { expect, it } from 'vitest'
import { WorkerLink } from '../../src/activities/worker-link.js'
import { BusConnection } from '../../src/bus/bus-connection.js'

const queue = 'hub/worker'

it('a link that is closed settles what it has out, and lets go of its receiver then', async () => {
  const bus = await startServiceBusEmulator({ queues: [{ name: queue }] })
  const { connectionString } = bus
  const { clock } = resolveHost()
  const connection = new BusConnection({ access: { kind: 'connectionString', connectionString }, clock, requests: new RequestCounter(), requestTimeoutMs: 5_000, acceptTimeoutMs: 5_000 })
  const client = new ServiceBusClient(connectionString)
  try {
    await client.createSender(queue).sendMessages({ body: Buffer.from('work'), messageId: 'm1' })
    const link = new WorkerLink(connection, connection.use(), queue)
    const message = await link.next(5_000, new AbortController().signal)
    if (message === undefined) throw new Error('nothing was received')
    await link.close()
    await link.renew(message)
    expect(bus.counts(queue)).toMatchObject({ locked: 1 })
    expect(link.receiver.isClosed).toBe(false)
    await link.complete(message)
    expect(bus.counts(queue)).toMatchObject({ active: 0, locked: 0 })
    link.done()
    await expect.poll(() => link.receiver.isClosed, { timeout: 5_000 }).toBe(true)
  } finally {
    await client.close()
    await connection.close()
    await bus.close()
  }
})
