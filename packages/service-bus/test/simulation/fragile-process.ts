/**
 * A worker "process" of the simulation: a service of its own whose every request to the bus, the tables and the blobs may fail before or after it took effect, or be the last thing the process does. A process that is dead does nothing any
 * more: requests are refused, its connections end. Requests are caught where all of them pass: the connection to the bus, and the pipelines of the storage clients.
 */
import { AccountClients, type RequestCounter } from '@dtfx/azure-common'
import { AmbiguousCommitError, deferred, type Clock, type Random } from '@dtfx/core/provider'
import { createOrchestrationService, type ServiceBusOptions, type ServiceBusService } from '@dtfx/service-bus'
import { BusConnection } from '../../src/bus/bus-connection.js'
import type { Traffic } from './fast-clock.js'

const processes = new WeakMap<RequestCounter, FragileProcess>()
let starting: FragileProcess | undefined
const original = { request: BusConnection.prototype.request, counting: AccountClients.prototype.counting, table: AccountClients.prototype.table }
const caught = new WeakSet<object>()

/** Whoever was to be given what these bring would not know that it has it: they fail before they take effect only. */
const bringing = /^(accept|receive) /
/** They are no sign that something goes on. */
const idle = /^(accept|receive|renew-session|renew-message) |^table JumpStart/

/** From now on, for this process of the test runner: services that no FragileProcess opened are as they were. */
export function catchRequests(): void {
  BusConnection.prototype.request = function <T>(this: BusConnection, ...[operation, live, send, timeoutMs]: Parameters<BusConnection['request']>): Promise<T> {
    const whole = (): Promise<T> => original.request.call(this, operation, live, send, timeoutMs) as Promise<T>
    return processes.get(this.parts.requests)?.perform(operation, whole) ?? whole()
  }
  AccountClients.prototype.counting = function (this: AccountClients, service) {
    if (starting !== undefined) processes.set(this.requests, starting)
    const process = starting
    const stage = original.counting.call(this, service)
    return { create: (next) => stage.create(process === undefined ? next : { sendRequest: (request) => process.perform(service, () => next.sendRequest(request)) }) }
  }
  AccountClients.prototype.table = function (this: AccountClients, name) {
    const client = original.table.call(this, name)
    const process = processes.get(this.requests)
    if (process !== undefined && !caught.has(client)) {
      caught.add(client)
      client.pipeline.addPolicy({ name: 'fragile', sendRequest: (request, next) => process.perform(`table ${name}`, () => next(request)) }, { afterPhase: 'Retry' })
    }
    return client
  }
}

export interface Faults {
  /** Chance that a step goes wrong. */
  chance: number
  readonly random: Random
  readonly traffic: Traffic
}

export class FragileProcess {
  readonly service: ServiceBusService
  readonly #death = deferred<void>()
  #isDead = false
  failures = 0

  constructor(
    options: ServiceBusOptions,
    readonly faults: Faults,
    clock: Clock,
  ) {
    starting = this
    try {
      this.service = createOrchestrationService(options, { clock })
    } finally {
      starting = undefined
    }
  }

  get death(): Promise<void> {
    return this.#death.promise
  }

  get isDead(): boolean {
    return this.#isDead
  }

  async perform<T>(operation: string, send: () => Promise<T>): Promise<T> {
    if (this.#isDead) throw new AmbiguousCommitError(operation, 'the process is dead')
    if (idle.test(operation)) return this.#attempt(operation, send)
    const { traffic } = this.faults
    traffic.begun++
    traffic.open++
    try {
      return await this.#attempt(operation, send)
    } finally {
      traffic.open--
    }
  }

  async #attempt<T>(operation: string, send: () => Promise<T>): Promise<T> {
    const { chance, random } = this.faults
    if (random.next() >= chance) return send()
    this.failures++
    const isFatal = random.next() < 0.5
    const isAfter = random.next() < 0.5 && !bringing.test(operation)
    if (isAfter) await send()
    if (isFatal) this.die()
    throw new AmbiguousCommitError(operation, `simulated ${isAfter ? 'after' : 'before'} it took effect`)
  }

  die(): void {
    if (this.#isDead) return
    this.#isDead = true
    this.#death.resolve()
  }
}
