/**
 * Lets only one app at a time serve a task hub: workers of the app that holds the lease own partitions, those of others wait. Clients are not concerned.
 * Invariants: `acquired` and `lost` alternate, each awaited before the other; the lease is renewed until `lost` has returned, also when the worker stops, because partitions are handed over under it; a
 * lease that could not be renewed in its time, by a clock that never goes back, counts as lost. It is never given up by itself: other workers of the app may live on it.
 */
import { dtfxError, logEvents, sleep, type Clock, type LogEvent, type Logger } from '@dtfx/core/provider'
import type { AppLeaseBlobs } from './app-lease-blobs.js'
import { appLeaseId } from './app-lease-id.js'
import { problemOf, type PartitionLogScope } from './partition-log.js'

export interface AppLeaseSettings {
  readonly leaseMs: number
  readonly renewMs: number
  /** From one attempt to get a lease that another app holds to the next. */
  readonly acquireMs: number
}

export const appLeaseDefaults: AppLeaseSettings = { leaseMs: 60_000, renewMs: 25_000, acquireMs: 300_000 }

/** A request that failed is sent again after this share of the time between two renewals. */
const retryShare = 5

export interface AppLeaseOptions extends PartitionLogScope {
  readonly blobs: Pick<AppLeaseBlobs, 'acquire' | 'renew'>
  /** Workers with the same name share the task hub. */
  readonly appName: string
  /** False: every app may serve the hub; nothing is requested. */
  readonly enabled: boolean
  readonly settings: AppLeaseSettings
  readonly host: { readonly clock: Clock; readonly logger: Logger }
  /** This app holds the lease: partitions may be taken. */
  readonly acquired: () => void | Promise<void>
  /** It does not any more, or the worker stops: resolve when no partition is owned. */
  readonly lost: () => Promise<void>
}

export class AppLease {
  readonly #options: AppLeaseOptions
  readonly #leaseId: string
  #stop: AbortController | undefined
  #ended: Promise<void> | undefined
  #held = false

  constructor(options: AppLeaseOptions) {
    this.#options = options
    this.#leaseId = appLeaseId(options.appName)
  }

  /** True from `acquired` until `lost`. */
  get held(): boolean {
    return this.#held
  }

  /** Returns at once. @throws DTFX_WORKER_STATE if it runs */
  start(): void {
    if (this.#stop !== undefined) throw dtfxError('DTFX_WORKER_STATE', { state: 'running', what: 'a start of its app lease' })
    const stop = new AbortController()
    this.#stop = stop
    this.#ended = (this.#options.enabled ? this.#run(stop.signal) : this.#serve(aborted(stop.signal))).finally(() => (this.#stop = undefined))
  }

  /** Calls `lost` if the lease is held, and ends. Idempotent. */
  async stop(): Promise<void> {
    this.#stop?.abort()
    await this.#ended
  }

  async #run(stop: AbortSignal): Promise<void> {
    const { host, settings } = this.#options
    while (!stop.aborted) {
      const attempt = await this.#attempt(stop)
      if (stop.aborted) return
      if (attempt.kind === 'held') await this.#hold(attempt.deadlineMs, stop)
      else await sleep(host.clock, attempt.kind === 'refused' ? settings.acquireMs : settings.renewMs / retryShare, stop)
    }
  }

  async #attempt(stop: AbortSignal): Promise<{ readonly kind: 'held'; readonly deadlineMs: number } | { readonly kind: 'refused' | 'failed' }> {
    const { blobs, settings, host, appName } = this.#options
    const deadlineMs = host.clock.monotonicMs() + settings.leaseMs
    try {
      if (await this.#before(deadlineMs, stop, (signal) => blobs.acquire(this.#leaseId, settings.leaseMs, signal))) return { kind: 'held', deadlineMs }
      this.#log(logEvents.appLeaseRefused, `another app holds it; '${appName}' asks again in ${settings.acquireMs / 1_000} s`)
      return { kind: 'refused' }
    } catch (error) {
      if (!stop.aborted) this.#log(logEvents.appLeaseRefused, problemOf(error))
      return { kind: 'failed' }
    }
  }

  async #hold(deadlineMs: number, stop: AbortSignal): Promise<void> {
    const end = new AbortController()
    this.#log(logEvents.appLeaseHeld, `'${this.#options.appName}'`)
    const renewing = this.#renewUntilLost(deadlineMs, end.signal)
    await this.#serve(Promise.race([renewing, aborted(stop)]))
    end.abort()
    await renewing
  }

  /** Between `acquired` and `lost`, until `over`. */
  async #serve(over: Promise<void>): Promise<void> {
    this.#held = true
    await this.#call('acquired')
    await over
    this.#held = false
    await this.#call('lost')
  }

  async #renewUntilLost(firstDeadlineMs: number, end: AbortSignal): Promise<void> {
    const { blobs, settings, host } = this.#options
    let deadlineMs = firstDeadlineMs
    let waitMs = settings.renewMs
    while (!end.aborted) {
      const restMs = deadlineMs - host.clock.monotonicMs()
      if (restMs <= 0) return this.#log(logEvents.appLeaseRefused, 'it could not be renewed in time')
      await sleep(host.clock, Math.min(waitMs, restMs), end)
      const nextDeadlineMs = host.clock.monotonicMs() + settings.leaseMs
      if (end.aborted || waitMs >= restMs) continue
      try {
        if (!(await this.#before(deadlineMs, end, (signal) => blobs.renew(this.#leaseId, signal)))) return this.#log(logEvents.appLeaseRefused, 'another app has taken it')
        deadlineMs = nextDeadlineMs
        waitMs = settings.renewMs
      } catch (error) {
        if (!end.aborted) this.#log(logEvents.appLeaseRefused, `a renewal failed: ${problemOf(error)}`)
        waitMs = settings.renewMs / retryShare
      }
    }
  }

  /** A request does not outlive the lease that it is about. */
  async #before<T>(deadlineMs: number, end: AbortSignal, send: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { clock } = this.#options.host
    const late = new AbortController()
    const cancel = clock.setTimer(deadlineMs - clock.monotonicMs(), () => late.abort())
    try {
      return await send(AbortSignal.any([end, late.signal]))
    } finally {
      cancel()
    }
  }

  async #call(name: 'acquired' | 'lost'): Promise<void> {
    try {
      await this.#options[name]()
    } catch (error) {
      this.#log(logEvents.partitionError, `'${name}' of the app lease: ${problemOf(error)}`)
    }
  }

  #log({ level, text, id }: LogEvent, detail: string): void {
    const { host, account, taskHub, appName } = this.#options
    host.logger.log(level, `${text}: ${detail}`, { account, taskHub, app: appName }, id)
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
