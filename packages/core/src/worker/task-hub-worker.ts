/**
 * The worker: composes engine, loops and dispatchers on one orchestration service. `start` → running → `stop` → stopped, and `start` again.
 * Invariant: after `stop` nothing of this worker holds a lock that it could still give back, and no timer of it is left.
 */
import { durationMs, type Duration } from '../base/duration.js'
import { createEngine } from '../engine/engine.js'
import { dtfxError } from '../errors/durable-error.js'
import type { OrchestrationService } from '../provider/orchestration-service.js'
import type { WorkerPort } from '../provider/worker-port.js'
import type { ActivityWorkItem, OrchestrationWorkItem } from '../provider/work-items.js'
import { logEvents } from '../telemetry/log-events.js'
import { ActivityLoop } from './activity-loop.js'
import { Dispatcher } from './dispatcher.js'
import { OrchestrationLoop } from './orchestration-loop.js'
import { limitRate } from './rate-limit.js'
import { SpanRecorder } from './span-recorder.js'
import { watchdog } from './watchdog.js'
import { logLine } from './worker-log.js'
import { checkWorkerOptions, type CheckedWorkerOptions, type TaskHubWorkerOptions } from './worker-options.js'

type Phase = 'stopped' | 'starting' | 'running' | 'stopping'

interface Running {
  readonly port: WorkerPort
  readonly orchestrationLoop: OrchestrationLoop
  readonly activityLoop: ActivityLoop
  readonly orchestrations: Dispatcher<OrchestrationWorkItem>
  readonly activities: Dispatcher<ActivityWorkItem> | undefined
  readonly unwatch: (() => void) | undefined
}

export interface WorkerStopReport {
  /** Work items still in progress at the deadline; others will run them again. */
  readonly abandoned: number
}

export class TaskHubWorker implements AsyncDisposable {
  readonly #service: OrchestrationService
  readonly #options: CheckedWorkerOptions
  #phase: Phase = 'stopped'
  #running: Running | undefined
  #starting: Promise<void> | undefined
  #stopping: Promise<WorkerStopReport> | undefined

  /** @throws DTFX_INVALID_OPTION, DTFX_DUPLICATE_DEFINITION */
  constructor(service: OrchestrationService, options: TaskHubWorkerOptions) {
    this.#service = service
    this.#options = checkWorkerOptions(options)
  }

  get state(): Phase {
    return this.#phase
  }

  /** Creates the hub unless told not to, and begins to take work. @throws DTFX_WORKER_STATE when not stopped */
  async start(): Promise<void> {
    if (this.#phase !== 'stopped') throw dtfxError('DTFX_WORKER_STATE', { state: this.#phase, what: 'start' })
    this.#phase = 'starting'
    this.#starting = this.#start()
    await this.#starting
  }

  async #start(): Promise<void> {
    logLine(this.#service.host.logger, logEvents.workerStarting, {})
    try {
      if (this.#options.autoCreate) await this.#service.createHub()
      this.#running = await this.#compose()
      this.#phase = 'running'
    } catch (error) {
      this.#phase = 'stopped'
      throw error
    }
    logLine(this.#service.host.logger, logEvents.workerStarted, {})
  }

  /**
   * Takes no new work and waits for what is in progress, at most `deadline` (default 10 s); running activities are told by their signal first, so that they can come to an end.
   * A no-op when stopped; one that starts is stopped as soon as it has started; one that stops already is waited for.
   */
  async stop(options: { readonly deadline?: Duration | undefined } = {}): Promise<WorkerStopReport> {
    const deadlineMs = durationMs(options.deadline ?? '10s', 'deadline')
    if (this.#phase === 'starting') await this.#starting?.catch(() => {})
    if (this.#stopping !== undefined) return this.#stopping
    const running = this.#running
    if (running === undefined) return { abandoned: 0 }
    this.#phase = 'stopping'
    this.#stopping = this.#stop(running, deadlineMs)
    return this.#stopping
  }

  async #stop(running: Running, deadlineMs: number): Promise<WorkerStopReport> {
    logLine(this.#service.host.logger, logEvents.workerStopping, {})
    running.activityLoop.abortAll(dtfxError('DTFX_WORKER_STATE', { state: 'stopping', what: 'going on with an activity' }))
    let abandoned = 0
    try {
      const busy = await Promise.all([running.orchestrations.stop(deadlineMs), running.activities?.stop(deadlineMs) ?? 0])
      abandoned = busy[0] + busy[1]
      await running.port.stop(0)
    } finally {
      running.unwatch?.()
      running.orchestrationLoop.renewer.stop()
      running.activityLoop.renewer.stop()
      running.orchestrationLoop.cache.clear()
      this.#running = undefined
      this.#stopping = undefined
      this.#phase = 'stopped'
    }
    logLine(this.#service.host.logger, logEvents.workerStopped, { abandoned })
    return { abandoned }
  }

  /** Forgets every suspended execution: the next turn of each instance replays its history. For tests. */
  forgetAll(): void {
    this.#running?.orchestrationLoop.cache.clear()
  }

  /** Suspended executions kept in memory. */
  get cachedInstances(): number {
    return this.#running?.orchestrationLoop.cache.size ?? 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async #compose(): Promise<Running> {
    const service = this.#service
    const options = this.#options
    const { host } = service
    const executor = createEngine({ orchestrations: options.orchestrations, converter: service.converter, logger: host.logger, determinism: options.determinism, digestKey: service.digestKey })
    const port = await service.startWorker({
      workerId: options.workerId ?? `worker-${host.random.id().slice(0, 12)}`,
      hosted: { orchestrations: options.orchestrations.list(), activities: options.activities.list() },
      concurrency: options.concurrency,
    })
    const spans = new SpanRecorder(host.tracer)
    const turnHost = { executor, registry: options.orchestrations, middleware: options.middleware.orchestration, keep: options.cache.maxInstances > 0, versionPolicy: options.versionPolicy }
    const orchestrationLoop = new OrchestrationLoop({ service, options, turnHost, spans, runId: host.random.id() })
    const activityLoop = new ActivityLoop({ service, options, spans })
    const orchestrations = new Dispatcher<OrchestrationWorkItem>({
      name: 'orchestration',
      gauge: 'dtfx.orchestrations.active',
      concurrency: options.concurrency.orchestrations,
      host,
      fetch: (signal) => port.nextOrchestration(signal),
      process: (item, slot) => orchestrationLoop.process(item, slot),
      giveBack: (item) => item.release([]),
    })
    const activities = options.concurrency.activities === 0 ? undefined : this.#activityDispatcher(port, activityLoop)
    const unwatch = options.watchdog === undefined ? undefined : watchdog.watch(options.watchdog, host.logger)
    orchestrations.start()
    activities?.start()
    return { port, orchestrationLoop, activityLoop, orchestrations, activities, unwatch }
  }

  #activityDispatcher(port: WorkerPort, loop: ActivityLoop): Dispatcher<ActivityWorkItem> {
    const { maxActivitiesPerSecond, concurrency } = this.#options
    const { host } = this.#service
    const fetch = (signal: AbortSignal): Promise<ActivityWorkItem> => loop.limits.fetch(port, signal)
    return new Dispatcher<ActivityWorkItem>({
      name: 'activity',
      gauge: 'dtfx.activities.active',
      concurrency: concurrency.activities,
      host,
      fetch: maxActivitiesPerSecond === undefined ? fetch : limitRate(fetch, maxActivitiesPerSecond, host.clock),
      process: (item, slot) => loop.process(item, slot),
      giveBack: (item) => item.release({ receipt: item.delivered.receipt, outcome: 'defer', until: host.clock.nowTicks() }),
    })
  }
}
