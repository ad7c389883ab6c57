/** The handle of a running emulator: connection string, counts, faults, the end. */
import type { AmqpFront } from './amqp/amqp-front.js'
import type { Broker } from './broker/broker.js'
import { BrokerError } from './broker/broker-error.js'
import type { Queue } from './broker/queue.js'
import type { QueueCounts } from './broker/queue-counts.js'
import type { CancelTimer } from './clock/clock.js'
import { afterTurn } from './clock/system-clock.js'
import type { EmulatorSettings } from './config/emulator-options.js'
import { queueSettingsFrom, type QueueOptions } from './config/queue-options.js'
import { EmulatorError } from './emulator-error.js'
import type { FaultControls } from './faults/fault-controls.js'
import type { Listener } from './listener.js'
import type { ServiceBusEmulator } from './service-bus-emulator.js'
import type { FileJournal } from './store/file-journal.js'

export interface EmulatorParts {
  readonly settings: EmulatorSettings
  readonly broker: Broker
  readonly amqp: AmqpFront
  readonly listener: Listener
  readonly switches: { lowerCaseSessionIds: boolean }
  readonly store: FileJournal | undefined
}

export class RunningEmulator implements ServiceBusEmulator {
  readonly faults: FaultControls
  readonly port: number
  #closing: Promise<void> | undefined
  #cancelIdleCheck: CancelTimer | undefined

  constructor(readonly parts: EmulatorParts) {
    this.port = parts.listener.port
    this.faults = this.#controls()
    this.#checkIdleLinks()
  }

  get host(): string {
    return this.parts.settings.host
  }

  get connectionString(): string {
    const { sharedAccessKeyName, sharedAccessKey, tls } = this.parts.settings
    const plain = tls === undefined ? ';UseDevelopmentEmulator=true' : ''
    return `Endpoint=sb://${this.host}:${this.port};SharedAccessKeyName=${sharedAccessKeyName};SharedAccessKey=${sharedAccessKey}${plain}`
  }

  get connectionCount(): number {
    return this.parts.amqp.connectionCount
  }

  get queues(): readonly string[] {
    return this.parts.broker.queues.map(({ name }) => name)
  }

  createQueue(options: QueueOptions): void {
    this.#requireOpen()
    const settings = queueSettingsFrom(options, 'the queue')
    asEmulatorError(() => this.parts.broker.createQueue(settings))
  }

  deleteQueue(name: string): void {
    this.#requireOpen()
    asEmulatorError(() => this.parts.broker.deleteQueue(name))
  }

  counts(name: string): QueueCounts {
    return this.#queue(name).counts()
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    const { amqp, broker, listener, settings, store } = this.parts
    this.#cancelIdleCheck?.()
    amqp.shutDown()
    // Lets the last frames out.
    await new Promise<void>((done) => afterTurn(() => afterTurn(done)))
    amqp.dropAll()
    broker.close()
    await listener.close()
    store?.close()
    settings.log?.('stopped')
  }

  #queue(name: string): Queue {
    const queue = this.parts.broker.find(name)
    if (queue === undefined) throw new EmulatorError('DTFX_EMULATOR_QUEUE', `There is no queue '${name}'. The queues are ${this.queues.join(', ') || 'none'}.`)
    return queue
  }

  #requireOpen(): void {
    if (this.#closing !== undefined) throw new EmulatorError('DTFX_EMULATOR_CLOSED', 'The emulator has been closed.')
  }

  #controls(): FaultControls {
    const { amqp, switches } = this.parts
    return {
      inject: (rule) => amqp.host.plan.inject(rule),
      clear: () => amqp.host.plan.clear(),
      dropConnections: () => amqp.dropAll(),
      expireSession: (queue, sessionId) => this.#queue(queue).sessions.expire(sessionId),
      expireLocks: (queue) => this.#queue(queue).locks.expireAll(),
      closeIdleLinks: (idleForMs = 0) => amqp.closeIdleLinks(idleForMs),
      lowerCaseSessionIds: (isOn) => void (switches.lowerCaseSessionIds = isOn),
    }
  }

  #checkIdleLinks(): void {
    const { amqp, settings } = this.parts
    const { idleLinkTimeoutMs } = settings
    if (idleLinkTimeoutMs === undefined) return
    this.#cancelIdleCheck = amqp.host.realClock.after(idleLinkTimeoutMs / 2, () => {
      amqp.closeIdleLinks(idleLinkTimeoutMs)
      this.#checkIdleLinks()
    })
  }
}

function asEmulatorError(action: () => void): void {
  try {
    action()
  } catch (error) {
    throw error instanceof BrokerError ? new EmulatorError('DTFX_EMULATOR_QUEUE', error.message, { cause: error }) : error
  }
}
