/** Where a test file runs: an emulator of the bus in this process and one of the account as a child, everything in memory, and services on hubs of their own. SERVICE_BUS_CONNECTION_STRING and AZURE_STORAGE_CONNECTION_STRING take the place of both. */
import type { Host } from '@dtfx/core/provider'
import { startServiceBusEmulator, type EmulatorOptions, type ServiceBusEmulator } from '@dtfx/service-bus-emulator'
import { createOrchestrationService, type ServiceBusOptions, type ServiceBusService } from '@dtfx/service-bus'
import { afterAll, beforeAll, it } from 'vitest'
import { startAzurite, type Azurite } from './azurite.js'

const realBus = process.env['SERVICE_BUS_CONNECTION_STRING']
const realStorage = process.env['AZURE_STORAGE_CONNECTION_STRING']
export const isEmulated = realBus === undefined
/** For tests of what only an emulator can do: fail on purpose. */
export const onlyEmulated = it.skipIf(!isEmulated)

let hubs = 0
const runId = Math.random().toString(36).slice(2, 7)

export function newHubName(): string {
  return `hub${runId}n${++hubs}`
}

export class Bed {
  #bus: ServiceBusEmulator | undefined
  #azurite: Azurite | undefined
  readonly #services: ServiceBusService[] = []

  get bus(): ServiceBusEmulator {
    if (this.#bus === undefined) throw new Error('this test runs on an emulator only: mark it with onlyEmulated')
    return this.#bus
  }

  get busConnectionString(): string {
    return realBus ?? this.bus.connectionString
  }

  get storageConnectionString(): string {
    return realStorage ?? this.#azurite?.connectionString ?? ''
  }

  async start(options: EmulatorOptions = {}): Promise<void> {
    const [bus, azurite] = await Promise.all([isEmulated ? startServiceBusEmulator(options) : undefined, realStorage === undefined ? startAzurite() : undefined])
    this.#bus = bus
    this.#azurite = azurite
  }

  async stop(): Promise<void> {
    await Promise.all(this.#services.map((service) => service.close()))
    await Promise.all([this.#bus?.close(), this.#azurite?.stop()])
  }

  /** The emulator again on its port, with what its file has. */
  async restartBus(options: EmulatorOptions = {}): Promise<void> {
    const { port } = this.bus
    await this.bus.close()
    this.#bus = await startServiceBusEmulator({ ...options, port })
  }

  /** A service on a hub of its own, unless options name one. */
  open(options: ServiceBusOptions = {}, host?: Host): ServiceBusService {
    const store = options.instanceStore === false ? undefined : { storageConnectionString: this.storageConnectionString }
    const service = createOrchestrationService({ connectionString: this.busConnectionString, ...store, taskHub: newHubName(), ...options }, host)
    this.#services.push(service)
    return service
  }
}

/** One bed for all tests of a file. */
export function useBed(options: EmulatorOptions = {}): Bed {
  const bed = new Bed()
  beforeAll(() => bed.start(options))
  afterAll(() => bed.stop())
  return bed
}
