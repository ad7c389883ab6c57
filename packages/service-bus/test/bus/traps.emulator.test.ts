/** What the official client does to its users, seen through our links and connections: none of it gets through. The client's own behaviour is shown in the tests of the emulator. */
import { createServer, connect, type AddressInfo, type Socket } from 'node:net'
import { RequestCounter } from '@dtfx/azure-common'
import { systemClock, type Clock, type DurableError } from '@dtfx/core/provider'
import { afterAll, describe, expect, vi } from 'vitest'
import { BusConnection } from '../../src/bus/bus-connection.js'
import { SessionLink } from '../../src/bus/session-link.js'
import { WorkerLink } from '../../src/activities/worker-link.js'
import type { ServiceBusReceivedMessage } from '@azure/service-bus'
import { newHubName, onlyEmulated, useBed } from '../bed.js'
import { eventually } from '../eventually.js'
import { useViews } from '../hub-view.js'

const bed = useBed()
const viewOf = useViews(bed)
const connections: BusConnection[] = []
afterAll(() => Promise.all(connections.map((connection) => connection.close())))

interface Given {
  readonly connectionString?: string
  readonly requestTimeoutMs?: number
  readonly clock?: Clock
}

function newConnection({ connectionString = bed.busConnectionString, requestTimeoutMs = 20_000, clock = systemClock }: Given = {}): BusConnection {
  const connection = new BusConnection({ access: { kind: 'connectionString', connectionString }, clock, requests: new RequestCounter(), requestTimeoutMs, acceptTimeoutMs: 20_000 })
  connections.push(connection)
  return connection
}

function newQueue(): { readonly hub: string; readonly queue: string } {
  const hub = newHubName()
  const queue = `${hub}/orchestrator`
  bed.bus.createQueue({ name: queue, requiresSession: true, lockDurationMs: 60_000 })
  bed.bus.createQueue({ name: `${hub}/worker`, lockDurationMs: 60_000 })
  return { hub, queue }
}

async function accept(queue: string, sessionId?: string, connection = newConnection()): Promise<SessionLink> {
  const link = await SessionLink.accept({ connection, queue, role: 'orchestrator', sessionId, lockMs: 60_000 })
  return link ?? expect.fail('no session')
}

/** All messages of a session, which stay unsettled. */
async function received(link: SessionLink, count: number): Promise<readonly ServiceBusReceivedMessage[]> {
  const found: ServiceBusReceivedMessage[] = []
  link.receive(100, (message) => {
    found.push(message)
    return new Promise(() => {})
  })
  await eventually(`${count} messages are here`, () => found.length === count)
  return found
}

describe('the client', { timeout: 60_000 }, () => {
  onlyEmulated('puts settlements of different kinds into one: ours stay what they are', async () => {
    const { hub, queue } = newQueue()
    await viewOf(hub).send('orchestrator', ...Array.from({ length: 30 }, (_, body) => ({ body, sessionId: 'a' })))
    const link = await accept(queue)
    const messages = await received(link, 30)
    await Promise.all(messages.map((message, index) => (index % 3 === 1 ? link.deadLetter(message, 'DTFX_POISON', 'test') : link.complete(message))))
    expect(bed.bus.counts(queue)).toMatchObject({ active: 0, locked: 0, deadLettered: 10 })
    expect((await viewOf(hub).peek('orchestrator', 'deadLetter')).map(({ raw }) => raw.body as unknown)).toEqual(messages.filter((_, index) => index % 3 === 1).map(({ body }) => body as unknown))
    await link.close()
  })

  onlyEmulated('also where the first is under way: the second of another kind waits for it', async () => {
    const { hub, queue } = newQueue()
    await viewOf(hub).send('orchestrator', ...Array.from({ length: 30 }, (_, body) => ({ body, sessionId: 'a' })))
    const link = await accept(queue)
    const messages = await received(link, 30)
    const settling: Promise<void>[] = []
    for (const [index, message] of messages.entries()) {
      settling.push(index % 2 === 1 ? link.deadLetter(message, 'DTFX_POISON', 'test') : link.complete(message))
      // What was asked for is on its way; the turn of the event loop is the same.
      for (let tick = 0; tick < 20; tick++) await Promise.resolve()
    }
    await Promise.all(settling)
    expect(bed.bus.counts(queue)).toMatchObject({ active: 0, locked: 0, deadLettered: 15 })
    expect((await viewOf(hub).peek('orchestrator', 'deadLetter')).map(({ raw }) => raw.body as unknown)).toEqual(messages.filter((_, index) => index % 2 === 1).map(({ body }) => body as unknown))
    await link.close()
  })

  onlyEmulated('writes a null state as text: ours is gone, and read as none', async () => {
    const { hub, queue } = newQueue()
    const link = await accept(queue, 'a')
    await link.setState(Buffer.from('{"state":1}'))
    expect(bed.bus.counts(queue).sessions).toBe(1)
    await link.setState(undefined)
    expect(bed.bus.counts(queue).sessions).toBe(0)
    await link.close()
    expect(await viewOf(hub).state('a')).toBeUndefined()
  })

  onlyEmulated('waits a second for more messages when asked for more than one: it is asked for one', async () => {
    const { hub } = newQueue()
    const connection = newConnection()
    const link = new WorkerLink(connection, connection.use(), `${hub}/worker`)
    const asked = vi.spyOn(link.receiver, 'receiveMessages')
    await viewOf(hub).send('worker', { body: 'a' }, { body: 'b' })
    const bodies: unknown[] = []
    for (let each = 0; each < 2; each++) {
      const message = await link.next(20_000, new AbortController().signal)
      if (message === undefined) expect.fail('no message')
      bodies.push(JSON.parse(String(message.body as Buffer)) as unknown)
      await link.complete(message)
    }
    expect(bodies).toEqual(['a', 'b'])
    expect(asked.mock.calls.map(([count]) => count)).toEqual([1, 1])
    await link.close()
  })

  onlyEmulated('has one place to peek from for all sessions: ours begins where it has to', async () => {
    const { hub, queue } = newQueue()
    await viewOf(hub).send('orchestrator', { body: 1, sessionId: 'a' }, { body: 2, sessionId: 'b' }, { body: 3, sessionId: 'a' })
    const connection = newConnection()
    const [a, b] = [await accept(queue, 'a', connection), await accept(queue, 'b', connection)]
    for (let time = 0; time < 2; time++) {
      expect(await a.hasAny(['3'])).toBe(true)
      expect(await b.hasAny(['2'])).toBe(true)
      expect(await b.hasAny(['1', '3'])).toBe(false)
      expect(await a.hasAny([])).toBe(false)
    }
    await Promise.all([a.close(), b.close()])
  })

  onlyEmulated('closes a link that opens when its signal has aborted, and does not look how that ends: it gets no signal, and what it brings is given back', async () => {
    const { hub, queue } = newQueue()
    const connection = newConnection()
    const asked = vi.spyOn(connection.use().client, 'acceptNextSession')
    const stopping = new AbortController()
    const waiting = SessionLink.accept({ connection, queue, role: 'orchestrator', signal: stopping.signal, lockMs: 60_000 })
    stopping.abort(new Error('the worker stops'))
    await expect(waiting).rejects.toThrow()
    expect(asked.mock.calls.map(([, options]) => options)).toEqual([expect.not.objectContaining({ abortSignal: expect.anything() as unknown })])
    await viewOf(hub).send('orchestrator', { body: 1, sessionId: 'a' })
    const next = await accept(queue)
    expect(next.sessionId).toBe('a')
    await next.close()
  })

  onlyEmulated('hangs for a minute when its connection is cut while it opens a link: ours goes on at once', async () => {
    const { hub, queue } = newQueue()
    // No request comes to the end of its time: what ends it is the end of its connection.
    const connection = newConnection({ clock: { nowMs: () => systemClock.nowMs(), nowTicks: () => systemClock.nowTicks(), monotonicMs: () => systemClock.monotonicMs(), setTimer: (delayMs, ...rest) => (delayMs > 1_000 ? () => {} : systemClock.setTimer(delayMs, ...rest)) } })
    bed.bus.faults.inject({ on: 'authorize', fault: { kind: 'lose-acknowledgement', effect: 'before', thenDrop: true } })
    const cut = await accept(queue, 'a', connection).catch((error: unknown) => error)
    expect((cut as DurableError).code).toBe('DTFX_AMBIGUOUS')
    const link = await accept(queue, 'a', connection)
    await link.setState(Buffer.from('x'))
    await link.close()
    expect(bed.bus.counts(`${hub}/orchestrator`).sessions).toBe(1)
  }, 30_000)

  onlyEmulated('hangs on a connection that says nothing any more, and fails where nobody catches it: ours takes another one', async () => {
    const { queue } = newQueue()
    const relay = await silentRelay(bed.bus.port)
    const connection = newConnection({ connectionString: bed.busConnectionString.replace(/:\d+;/, `:${relay.port};`), requestTimeoutMs: 300 })
    const first = await accept(queue, 'a', connection)
    const context = (first.live.client as unknown as { _connectionContext: { connection: { options: { operationTimeoutInSeconds: number } } } })._connectionContext
    context.connection.options.operationTimeoutInSeconds = 1
    relay.silence()
    await expect(first.renew()).rejects.toThrow()
    expect(first.isHeld).toBe(false)
    bed.bus.faults.expireSession(queue, 'a')
    const second = await accept(queue, 'a', connection)
    await second.setState(undefined)
    await second.close()
    // What nobody catches would come now, and fail the run.
    await new Promise<void>((done) => systemClock.setTimer(2_500, done))
    await relay.close()
  })
})

interface SilentRelay {
  readonly port: number
  /** Connections that are open now stay open, and nothing passes. */
  silence(): void
  close(): Promise<void>
}

async function silentRelay(target: number): Promise<SilentRelay> {
  const open = new Set<Socket>()
  const server = createServer((from) => {
    const to = connect(target, '127.0.0.1')
    for (const socket of [from, to]) {
      open.add(socket)
      socket.on('error', () => {})
    }
    from.pipe(to).pipe(from)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return {
    port: (server.address() as AddressInfo).port,
    silence: () => {
      for (const socket of open) {
        socket.unpipe()
        socket.pause()
      }
    },
    close: () => {
      for (const socket of open) socket.destroy()
      return new Promise((closed) => server.close(() => closed()))
    },
  }
}
