/** One in-memory hub on a virtual clock that several processes share, each with its own codecs; and a tap between provider and codecs that sees, and may change, what is stored. */
import { TaskHubClient, TaskHubWorker, withPayloads, type OrchestrationService, type PayloadOptions, type TaskHubWorkerOptions } from '@dtfx/core'
import { delegateService, type InstanceSnapshot, type Logger, type Metrics, type OrchestrationWorkItem, type WorkerPort } from '@dtfx/core/provider'
import { VirtualClock } from '@dtfx/testing'
import { createOrchestrationService } from '@dtfx/testing/memory'

export interface Tap {
  /** Everything that was written, as it was stored. */
  readonly written: unknown[]
  /** How often a load was answered with `unchanged`. */
  unchanged: number
  /** Changes what a load gives. */
  onLoad: ((snapshot: InstanceSnapshot) => InstanceSnapshot) | undefined
}

export class PayloadWorld implements AsyncDisposable {
  readonly clock = new VirtualClock()
  readonly logs: string[] = []
  readonly counts = new Map<string, number>()
  readonly tap: Tap = { written: [], unchanged: 0, onLoad: undefined }
  readonly raw = createOrchestrationService({ lockTimeoutMs: 'none' }, { clock: this.clock, logger: this.#logger(), metrics: this.#metrics() })
  readonly #tapped = tapped(this.raw, this.tap)
  readonly #workers: TaskHubWorker[] = []

  /** The service as a process with these codecs sees it. */
  service(payloads: PayloadOptions): OrchestrationService {
    return withPayloads(this.#tapped, payloads)
  }

  client(payloads: PayloadOptions): TaskHubClient {
    return new TaskHubClient(this.service(payloads))
  }

  async worker(payloads: PayloadOptions, options: TaskHubWorkerOptions): Promise<TaskHubWorker> {
    const worker = new TaskHubWorker(this.service(payloads), { unknownNameGraceMs: 0, ...options })
    this.#workers.push(worker)
    await worker.start()
    return worker
  }

  idle(): Promise<void> {
    return this.raw.whenIdle(() => this.clock.sleepers)
  }

  /** Moves time timer by timer, and waits for what it causes. */
  async advance(ms: number): Promise<void> {
    const targetMs = this.clock.nowMs() + ms
    await this.idle()
    for (let nextMs = this.clock.nextTimerMs(); nextMs !== undefined && nextMs <= targetMs; nextMs = this.clock.nextTimerMs()) {
      this.clock.advanceTo(nextMs)
      await this.idle()
    }
    this.clock.advanceTo(targetMs)
  }

  async stop(worker: TaskHubWorker): Promise<void> {
    const stopping = worker.stop({ deadline: 0 })
    let stopped = false
    void stopping.finally(() => (stopped = true))
    while (!stopped) {
      await new Promise((resolve) => setImmediate(resolve))
      this.clock.fireDue()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const worker of this.#workers) await this.stop(worker)
    await this.raw.close()
  }

  #logger(): Logger {
    return { enabled: () => true, log: (level, message, fields) => void this.logs.push(`${level} ${message} ${String(fields?.['code'] ?? '')}`) }
  }

  #metrics(): Metrics {
    return { count: (name, value) => void this.counts.set(name, (this.counts.get(name) ?? 0) + value), record: () => {}, gauge: () => {} }
  }
}

function tapped(service: OrchestrationService, tap: Tap): OrchestrationService {
  const { client } = service
  return delegateService(service, {
    client: {
      create: (request) => (tap.written.push(request), client.create(request)),
      send: (messages) => (tap.written.push(...messages), client.send(messages)),
      getState: (id, options) => client.getState(id, options),
      watch: (id, signal) => (client as Required<typeof client>).watch(id, signal),
    },
    startWorker: async (spec) => tappedWorker(await service.startWorker(spec), tap),
  })
}

function tappedWorker(port: WorkerPort, tap: Tap): WorkerPort {
  return {
    nextOrchestration: async (signal) => tappedItem(await port.nextOrchestration(signal), tap),
    nextActivity: async (request, signal) => {
      const item = await port.nextActivity(request, signal)
      return { ...item, get lockedUntil() { return item.lockedUntil }, delivered: item.delivered, lost: item.lost, instanceGone: item.instanceGone, renew: () => item.renew(), release: (settlement) => item.release(settlement), complete: (event) => (tap.written.push(event), item.complete(event)) }
    },
    stop: (deadlineMs) => port.stop(deadlineMs),
  }
}

function tappedItem(item: OrchestrationWorkItem, tap: Tap): OrchestrationWorkItem {
  return {
    kind: item.kind,
    instanceId: item.instanceId,
    messages: item.messages,
    get lockedUntil() { return item.lockedUntil },
    lost: item.lost,
    load: async (known) => {
      const snapshot = await item.load(tap.onLoad === undefined ? known : undefined)
      if (snapshot === 'unchanged') tap.unchanged++
      return snapshot === 'unchanged' || tap.onLoad === undefined ? snapshot : tap.onLoad(snapshot)
    },
    complete: (checkpoint) => (tap.written.push(checkpoint), item.complete(checkpoint)),
    markSuspect: () => item.markSuspect(),
    renew: () => item.renew(),
    release: (settlements) => item.release(settlements),
  }
}
