/**
 * Where the suite runs: an emulator of its own, or, when SERVICE_BUS_CONNECTION_STRING is set, a real namespace. Tests that need the manual clock or faults say so with `onlyEmulated`.
 * Queues have unique names and are deleted in the end.
 */
import { ServiceBusAdministrationClient, ServiceBusClient, type ServiceBusClientOptions, type ServiceBusReceivedMessage, type ServiceBusReceiver } from '@azure/service-bus'
import { ManualClock, startServiceBusEmulator, type EmulatorOptions, type QueueOptions, type ServiceBusEmulator } from '@dtfx/service-bus-emulator'
import { afterAll, beforeAll, it } from 'vitest'

const realConnectionString = process.env['SERVICE_BUS_CONNECTION_STRING']
export const isEmulated = realConnectionString === undefined
/** For tests of what only an emulator can do: stand still, fail on purpose. */
export const onlyEmulated = it.skipIf(!isEmulated)

const impatient: ServiceBusClientOptions = { retryOptions: { maxRetries: 0, timeoutInMs: isEmulated ? 5_000 : 30_000 } }
const runId = Math.random().toString(36).slice(2, 8)
/** Long enough for what is there to arrive. */
export const shortWaitMs = isEmulated ? 100 : 3_000

let queueCount = 0

export class TestBed {
  client!: ServiceBusClient
  #emulator: ServiceBusEmulator | undefined
  readonly clock = new ManualClock()
  readonly #queues: string[] = []
  readonly #clients: ServiceBusClient[] = []

  get emulator(): ServiceBusEmulator {
    if (this.#emulator === undefined) throw new Error('this test runs on an emulator only: mark it with onlyEmulated')
    return this.#emulator
  }

  get connectionString(): string {
    return realConnectionString ?? this.emulator.connectionString
  }

  async start(options: EmulatorOptions): Promise<void> {
    if (isEmulated) this.#emulator = await startServiceBusEmulator(options)
    this.client = this.newClient()
  }

  async stop(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()))
    if (!isEmulated) await Promise.all(this.#queues.map((name) => this.admin().deleteQueue(name)))
    await this.#emulator?.close()
  }

  newClient(options: ServiceBusClientOptions = impatient): ServiceBusClient {
    const client = new ServiceBusClient(this.connectionString, options)
    this.#clients.push(client)
    return client
  }

  admin(): ServiceBusAdministrationClient {
    return adminClient(this.connectionString)
  }

  /** A new queue; its name. */
  async queue(options: Omit<QueueOptions, 'name'> = {}): Promise<string> {
    const name = `t-${runId}-${++queueCount}`
    this.#queues.push(name)
    if (isEmulated) this.emulator.createQueue({ name, ...options })
    else await this.admin().createQueue(name, realOptions(options))
    return name
  }

  sessionQueue(options: Omit<QueueOptions, 'name'> = {}): Promise<string> {
    return this.queue({ requiresSession: true, ...options })
  }
}

/** The client speaks https only; an emulator without a certificate speaks http on the same port. */
export function adminClient(connectionString: string): ServiceBusAdministrationClient {
  const admin = new ServiceBusAdministrationClient(connectionString)
  if (!connectionString.includes('UseDevelopmentEmulator=true')) return admin
  admin.pipeline.addPolicy({
    name: 'plain-http',
    sendRequest: (request, next) => {
      request.url = request.url.replace(/^https:/, 'http:')
      request.allowInsecureConnection = true
      return next(request)
    },
  })
  return admin
}

const isoSeconds = (ms: number | undefined): string | undefined => (ms === undefined ? undefined : `PT${Math.max(5, Math.round(ms / 1000))}S`)

function realOptions({ lockDurationMs, duplicateDetectionWindowMs, defaultTimeToLiveMs, ...options }: Omit<QueueOptions, 'name'>): object {
  const durations = { lockDuration: isoSeconds(lockDurationMs), duplicateDetectionHistoryTimeWindow: isoSeconds(duplicateDetectionWindowMs), defaultMessageTimeToLive: isoSeconds(defaultTimeToLiveMs) }
  return { ...options, ...Object.fromEntries(Object.entries(durations).filter(([, value]) => value !== undefined)) }
}

/** One bed for all tests of a file. */
export function useTestBed(options: (bed: TestBed) => EmulatorOptions = () => ({})): TestBed {
  const bed = new TestBed()
  beforeAll(() => bed.start(options(bed)))
  afterAll(() => bed.stop())
  return bed
}

export const withManualClock = (bed: TestBed): EmulatorOptions => ({ clock: bed.clock })

/** Receives until it has `count`. */
export async function receive(receiver: ServiceBusReceiver, count: number): Promise<ServiceBusReceivedMessage[]> {
  const messages: ServiceBusReceivedMessage[] = []
  while (messages.length < count) {
    const more = await receiver.receiveMessages(count - messages.length, { maxWaitTimeInMs: 5_000 })
    if (more.length === 0) throw new Error(`only ${messages.length} of ${count} messages came`)
    messages.push(...more)
  }
  return messages
}

export async function receiveOne(receiver: ServiceBusReceiver): Promise<ServiceBusReceivedMessage> {
  const [message] = await receive(receiver, 1)
  return message!
}

/** What is left to receive after a short wait. */
export function receiveRest(receiver: ServiceBusReceiver, atMost = 100): Promise<ServiceBusReceivedMessage[]> {
  return receiver.receiveMessages(atMost, { maxWaitTimeInMs: shortWaitMs })
}

export const bodies = (messages: readonly ServiceBusReceivedMessage[]): unknown[] => messages.map(({ body }) => body)

/** The code of the error a call fails with. */
export async function failureOf(call: Promise<unknown>): Promise<{ code: string | undefined; message: string; retryable: boolean | undefined }> {
  try {
    await call
  } catch (error) {
    const { code, message, retryable } = error as { code?: string; message: string; retryable?: boolean }
    return { code, message, retryable }
  }
  throw new Error('the call succeeded')
}

/** Waits until something holds, with a bound. */
export async function eventually(holds: () => boolean | Promise<boolean>, withinMs = 5_000): Promise<void> {
  const endMs = performance.now() + withinMs
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error(`it did not come true within ${withinMs} ms`)
    await new Promise((next) => setImmediate(next))
  }
}
