/**
 * `createTestHub`: provider, worker, client and clock of a test in one handle.
 *
 * Invariants:
 * 1. Under the virtual clock nothing happens by the passing of time unless the test advances it, and whatever waits for nothing says so (DTFX_TEST_STUCK) instead of hanging.
 * 2. `advance` stops at every timer on its way until all its consequences have happened, so that the order of events does not depend on how far one call goes.
 */
import { TaskHubClient, TaskHubWorker, type ActivityMiddleware, type TaskHubWorkerOptions } from '@dtfx/core'
import {
  dtfxError,
  durationMs,
  seededRandom,
  systemClock,
  type Clock,
  type Duration,
  type HistoryEvent,
  type Host,
  type InstanceId,
  type OrchestrationService,
  type Ticks,
} from '@dtfx/core/provider'
import { nextLoopTurn } from '../clock/event-loop.js'
import { VirtualClock } from '../clock/virtual-clock.js'
import { createOrchestrationService, type MemoryService } from '../memory/index.js'
import { onClock } from './activity-clock.js'
import { snapshotHistory } from './snapshot-history.js'
import { StuckMonitor } from './stuck-monitor.js'
import { stuckError } from './stuck-report.js'
import { watchedService } from './watched-service.js'

/** Everything a worker takes, and what is special to tests. `unknownNameGraceMs` is 0 here unless given. */
export interface TestHubOptions extends TaskHubWorkerOptions, Pick<Host, 'logger' | 'metrics' | 'tracer'> {
  /** `virtual`: time stands still until the test advances it. `real`: the system's. @default 'virtual' */
  readonly clock?: 'virtual' | 'real' | undefined
  /** Where virtual time begins. @default 2030-01-01T00:00:00.000Z */
  readonly startAt?: Ticks | Date | undefined
  /** Of ids and jitter: the same seed draws the same. @default 1 */
  readonly seed?: number | undefined
  /** See the memory provider. @default 'none' on the virtual clock, 60000 on the real one */
  readonly lockTimeoutMs?: number | 'none' | undefined
  /** Wraps the service that worker and client get, for example to add payload codecs. */
  readonly wrapService?: ((service: OrchestrationService) => OrchestrationService) | undefined
  /** Real time after which waiting for something that will not happen by itself is an error. @default 200 */
  readonly stuckAfterMs?: number | undefined
}

export class TestHub implements AsyncDisposable {
  /** The provider, with its white-box view. */
  readonly service: MemoryService
  readonly client: TaskHubClient
  readonly #options: TestHubOptions
  readonly #clock: Clock
  readonly #wrapped: OrchestrationService
  #worker: TaskHubWorker
  #advancing = 0

  /** Use {@link createTestHub}. */
  constructor(options: TestHubOptions) {
    const isVirtual = options.clock !== 'real'
    const { logger, metrics, tracer, lockTimeoutMs = isVirtual ? 'none' : undefined } = options
    this.#options = options
    this.#clock = isVirtual ? new VirtualClock(options.startAt) : systemClock
    this.service = createOrchestrationService({ lockTimeoutMs }, { clock: this.#clock, random: seededRandom(options.seed ?? 1), logger, metrics, tracer })
    this.#wrapped = options.wrapService?.(this.service) ?? this.service
    this.client = new TaskHubClient(this.#clock instanceof VirtualClock ? watchedService(this.#wrapped, this.#monitor(this.#clock)) : this.#wrapped)
    this.#worker = this.#newWorker()
    if (this.#clock instanceof VirtualClock) this.#clock.onSleepersChanged = () => this.service.lookAgain()
  }

  /** The worker that runs now; another one after {@link restartWorker}. */
  get worker(): TaskHubWorker {
    return this.#worker
  }

  /** The virtual clock. @throws DTFX_INVALID_OPTION with `clock: 'real'` */
  get clock(): VirtualClock {
    if (this.#clock instanceof VirtualClock) return this.#clock
    throw dtfxError('DTFX_INVALID_OPTION', { what: 'test hub', problem: "it runs on the real clock; create it with clock: 'virtual' to move time" })
  }

  /** Begins to work; `createTestHub` has called it. */
  async start(): Promise<void> {
    await this.#worker.start()
  }

  /** Moves virtual time and lets everything happen that becomes due on the way. Resolves when the hub is idle again. @throws DTFX_INVALID_DURATION */
  async advance(duration: Duration): Promise<void> {
    const { clock } = this
    this.#advancing++
    try {
      const targetMs = clock.nowMs() + Math.ceil(durationMs(duration, 'advance'))
      await this.runUntilIdle()
      for (let nextMs = clock.nextTimerMs(); nextMs !== undefined && nextMs <= targetMs; nextMs = clock.nextTimerMs()) {
        clock.advanceTo(nextMs)
        await this.runUntilIdle()
      }
      clock.advanceTo(targetMs)
    } finally {
      this.#advancing--
    }
  }

  /** Resolves when nothing more happens by itself: no turn and no activity is in progress, except activities that wait for virtual time to pass. */
  async runUntilIdle(): Promise<void> {
    do await this.service.whenIdle(() => this.#sleepers)
    while (this.#clock instanceof VirtualClock && this.#clock.fireDue() > 0)
  }

  /** Stops the worker, as if its process had ended: suspended instances are forgotten and replayed from their histories, activities in progress run again. */
  async restartWorker(): Promise<void> {
    await this.#stopWorker()
    this.#worker = this.#newWorker()
    await this.#worker.start()
  }

  /** Events of the current execution; empty for an unknown instance. */
  async history(instanceId: InstanceId): Promise<HistoryEvent[]> {
    const events: HistoryEvent[] = []
    for await (const chunk of (this.#wrapped.history ?? this.service.history).read(instanceId)) events.push(...chunk)
    return events
  }

  /** The history as stable text for snapshot tests, see {@link snapshotHistory}. */
  async snapshot(instanceId: InstanceId): Promise<string> {
    return snapshotHistory(await this.history(instanceId))
  }

  /** Stops the worker and closes the service. Idempotent. */
  async stop(): Promise<void> {
    await this.#stopWorker()
    await this.service.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  get #sleepers(): number {
    return this.#clock instanceof VirtualClock ? this.#clock.sleepers : 0
  }

  #newWorker(): TaskHubWorker {
    const { middleware, unknownNameGraceMs = 0 } = this.#options
    const onHubClock: ActivityMiddleware = (_ctx, next) => onClock(this.#clock, next)
    const activity = [onHubClock, ...(middleware?.activity ?? [])]
    return new TaskHubWorker(this.#wrapped, { ...workerOptions(this.#options), unknownNameGraceMs, middleware: { ...middleware, activity } })
  }

  /** The worker waits for its deadline on the hub's clock, which stands still: what is due there now has to be fired for it. */
  async #stopWorker(): Promise<void> {
    let stopped = false
    const stopping = this.#worker.stop({ deadline: 0 }).finally(() => (stopped = true))
    while (!stopped) {
      await nextLoopTurn()
      if (this.#clock instanceof VirtualClock) this.#clock.fireDue()
    }
    await stopping
  }

  #monitor(clock: VirtualClock): StuckMonitor {
    const { service } = this
    return new StuckMonitor({
      graceMs: this.#options.stuckAfterMs ?? 200,
      whenIdle: () => service.whenIdle(() => clock.sleepers),
      mark: () => (this.#advancing > 0 ? undefined : `${service.occupancy().moves}/${clock.nowMs()}`),
      describe: (instanceId) => {
        const { orchestrations = [] } = this.#options
        const { converter } = this.#wrapped
        return stuckError({ service, clock, converter, orchestrations, isWorkerRunning: this.#worker.state === 'running', history: (id) => this.history(id) }, instanceId)
      },
    })
  }
}

/** A hub with a running worker: `await using hub = await createTestHub({ orchestrations, activities })`. @throws DTFX_INVALID_OPTION, DTFX_DUPLICATE_DEFINITION */
export async function createTestHub(options: TestHubOptions = {}): Promise<TestHub> {
  const hub = new TestHub(options)
  await hub.start()
  return hub
}

function workerOptions(options: TestHubOptions): TaskHubWorkerOptions {
  const { clock: _clock, startAt: _startAt, seed: _seed, lockTimeoutMs: _lock, wrapService: _wrap, stuckAfterMs: _stuck, logger: _logger, metrics: _metrics, tracer: _tracer, ...worker } = options
  return worker
}
