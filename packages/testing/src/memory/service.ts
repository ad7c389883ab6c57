/**
 * The in-memory provider: the reference implementation of the contract. One service is one task hub; several workers and clients share it. Nothing survives the process.
 * Invariant: what comes in is copied and frozen, what goes out is frozen, so that no caller can change what is stored.
 */
import {
  dtfxError,
  resolveHost,
  ticksFromMs,
  type Capabilities,
  type ClientPort,
  type EventTypeName,
  type HistoryPort,
  type Host,
  type InstanceId,
  type OrchestrationService,
  type PurgePort,
  type QuarantinePort,
  type QueryPort,
  type ScalePort,
  type Ticks,
  type WorkerPort,
  type WorkerSpec,
} from '@dtfx/core/provider'
import { nextLoopTurn } from '../clock/event-loop.js'
import { MemoryClientPort } from './client-port.js'
import { Hub, type MessageFaults } from './hub.js'
import { checkMemoryOptions, type MemoryOptions } from './options.js'
import { directSteps, type StoreAccess, type Steps } from './steps.js'
import type { StoreObserver } from './store-observer.js'
import { MemoryQueryPort } from './query-port.js'
import { MemoryHistoryPort, MemoryPurgePort, MemoryScalePort } from './store-ports.js'
import { MemoryWorkerPort } from './worker-port.js'

const abilities: Omit<Capabilities, 'commit'> = Object.freeze({
  query: true,
  purge: true,
  history: true,
  rewind: true,
  quarantine: true,
  scale: true,
  uniqueStart: true,
  exactlyOnceEvents: true,
  historyAfterCompletion: true,
  cacheValidation: true,
  entities: false,
  timerGranularityMs: 1,
  maxPayloadBytes: Number.MAX_SAFE_INTEGER,
})

/** What is in progress, for tests. */
export interface Occupancy {
  /** Instances with messages nobody holds. */
  readonly readyOrchestrations: number
  readonly heldOrchestrations: number
  readonly readyActivities: number
  readonly heldActivities: number
  /** Messages that are not due yet. */
  readonly delayed: number
  /** Grows with every operation. */
  readonly moves: number
}

/** A message that waits for its time: sent with one, or deferred. */
export interface DelayedMessage {
  readonly instanceId: InstanceId
  readonly eventType: EventTypeName
  readonly faultCount: number
  readonly dueAt: Ticks
}

export class MemoryService implements OrchestrationService {
  readonly name = 'memory'
  readonly capabilities: Capabilities
  readonly host: OrchestrationService['host']
  readonly client: Required<ClientPort>
  readonly query: QueryPort
  readonly history: HistoryPort
  readonly purge: PurgePort
  readonly quarantine: QuarantinePort
  readonly scale: ScalePort
  readonly #hub: Hub
  readonly #access: StoreAccess
  readonly #ownsHub: boolean
  readonly #ports = new Set<MemoryWorkerPort>()
  #closed = false

  /** `process`: what another process on the same hub shares with it, and its own way to the store. @throws DTFX_INVALID_OPTION */
  constructor(options: MemoryOptions = {}, host: Host = {}, process?: { readonly hub: Hub; readonly steps: Steps }) {
    const { lockTimeoutMs, commit, localActivities } = checkMemoryOptions(options)
    this.host = resolveHost(host)
    this.#hub = process?.hub ?? new Hub(this.host.clock, { lockTimeoutMs, commit, localActivities })
    this.#ownsHub = process === undefined
    this.#access = { steps: process?.steps ?? directSteps, clock: this.host.clock }
    this.capabilities = Object.freeze({ ...abilities, commit: this.#hub.commit })
    this.client = new MemoryClientPort(this.#hub, () => (this.#closed ? dtfxError('DTFX_CLOSED') : undefined), this.#access)
    this.query = new MemoryQueryPort(this.#hub.store)
    this.history = new MemoryHistoryPort(this.#hub)
    this.purge = new MemoryPurgePort(this.#hub)
    this.quarantine = this.#hub.quarantine
    this.scale = new MemoryScalePort(this.#hub)
  }

  /** There is nothing to create. */
  createHub(): Promise<void> {
    return this.#closed ? Promise.reject(dtfxError('DTFX_CLOSED')) : Promise.resolve()
  }

  deleteHub(): Promise<void> {
    this.#hub.clear()
    return Promise.resolve()
  }

  startWorker(spec: WorkerSpec): Promise<WorkerPort> {
    if (this.#closed) return Promise.reject(dtfxError('DTFX_CLOSED'))
    const port = new MemoryWorkerPort(this.#hub, spec, this.#access, (stopped) => this.#ports.delete(stopped))
    this.#ports.add(port)
    return Promise.resolve(port)
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#ports].map((port) => port.stop(0)))
    if (this.#ownsHub) this.#hub.close()
  }

  /** The same hub as another process sees it: with its own host, and its writes passing through `steps`. Closing it leaves the hub to the others. */
  connect(host: Host, steps: Steps): MemoryService {
    return new MemoryService({}, host, { hub: this.#hub, steps })
  }

  /** Watches the hub and disturbs its messages, in a simulation. */
  attach(observer: StoreObserver, faults: MessageFaults): void {
    this.#hub.store.observer = observer
    this.#hub.observer = observer
    this.#hub.faults = faults
  }

  /** Everything that is in progress or could be. */
  occupancy(): Occupancy {
    const { inboxes, activities, locks, delayed, moves } = this.#hub
    return {
      readyOrchestrations: inboxes.readyCount,
      heldOrchestrations: locks.count.orchestration,
      readyActivities: activities.length,
      heldActivities: locks.count.activity,
      delayed: delayed.size,
      moves,
    }
  }

  /** Messages that are not due yet, in no particular order. For messages to people. */
  delayedMessages(): DelayedMessage[] {
    return [...this.#hub.delayed].map(({ message, dueMs }) => ({
      instanceId: message.message.instance.instanceId,
      eventType: message.message.event.type,
      faultCount: message.faultCount,
      dueAt: ticksFromMs(dueMs),
    }))
  }

  /**
   * Resolves when nothing is in progress and nothing happens by itself any more, unless time passes. Messages that no worker takes do not count.
   * `parked` tells how many of the activities in progress only wait for time to pass.
   */
  async whenIdle(parked: () => number = () => 0): Promise<void> {
    const { locks } = this.#hub
    const isBusy = (): boolean => locks.count.orchestration > 0 || locks.count.activity > parked()
    for (;;) {
      while (isBusy()) await this.#hub.nextMove()
      const { moves } = this.#hub
      // A worker or a client may be on its way from one call to the next: it gets there within a few turns of the event loop.
      for (let turn = 0; turn < quietTurns && moves === this.#hub.moves; turn++) await nextLoopTurn()
      if (moves === this.#hub.moves && !isBusy()) return
    }
  }

  /** Makes {@link whenIdle} look again: the number of parked activities changed. */
  lookAgain(): void {
    this.#hub.moved()
  }
}

/** Turns of the event loop without any operation after which the hub is taken for idle. */
const quietTurns = 4

/** The in-memory provider. @throws DTFX_INVALID_OPTION */
export function createOrchestrationService(options: MemoryOptions = {}, host: Host = {}): MemoryService {
  return new MemoryService(options, host)
}
