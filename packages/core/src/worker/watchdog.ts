/**
 * The watchdog as workers see it: while any of them runs, a second thread looks whether this thread's event loop still comes round. One per thread, shared by its workers, started with the first
 * and let go with the last; neither it nor its timer keeps the process alive.
 * Invariant: where no second thread can be had, work goes on without; a log line says so.
 */
import type * as inspectorModule from 'node:inspector'
import { isMainThread, Worker } from 'node:worker_threads'
import { systemClock, type CancelTimer } from '../base/clock.js'
import { watchdogProgram, type BlockReport, type WatchdogPace, type WatchdogPlan } from '../base/watchdog-thread.js'
import { describeRunningCode, noteCells, noteLayout, noteMemory } from '../engine/turn-note.js'
import { logEvents } from '../telemetry/log-events.js'
import type { Logger } from '../telemetry/logger.js'
import { logLine, messageOf } from './worker-log.js'

/** With which the process exits when one turn has blocked it for longer than `maxTurnMs`. */
export const watchdogExitCode = 86

export interface WatchdogLimits {
  readonly warnAfterMs: number
  /** Infinity: for ever. */
  readonly maxTurnMs: number
}

interface Watched {
  readonly limits: WatchdogLimits
  readonly logger: Logger
}

/** How long the thread outlives the last worker: one that starts soon need not wait for a new one. */
const lingerMs = 1_000

class Watchdog {
  readonly #watched = new Set<Watched>()
  readonly #cells = new Int32Array(noteMemory, 0, 8)
  #thread: Worker | undefined
  #tickMs = 0
  #cancelTimer: CancelTimer | undefined

  /** Begins to watch for a worker; the answer ends it. */
  watch(limits: WatchdogLimits, logger: Logger): () => void {
    const watched = { limits, logger }
    this.#watched.add(watched)
    this.#adjust()
    return () => {
      if (this.#watched.delete(watched)) this.#adjust()
    }
  }

  #adjust(): void {
    this.#cancelTimer?.()
    const isOff = this.#watched.size === 0
    Atomics.store(this.#cells, noteCells.isOff, isOff ? 1 : 0)
    if (isOff) {
      this.#cancelTimer = systemClock.setTimer(lingerMs, () => this.#letGo(), { keepAlive: false })
      return
    }
    const all = [...this.#watched].map((each) => each.limits)
    const warnAfterMs = Math.min(...all.map((each) => each.warnAfterMs))
    const maxTurnMs = Math.min(...all.map((each) => each.maxTurnMs))
    this.#tickMs = Math.min(1_000, Math.max(5, Math.floor(Math.min(warnAfterMs, maxTurnMs) / 8)))
    this.#beat()
    this.#thread ??= this.#startThread()
    this.#thread?.postMessage({ tickMs: this.#tickMs, warnAfterMs, maxTurnMs } satisfies WatchdogPace)
  }

  /** A debugger that is attached may hold this thread for as long as a person thinks. */
  readonly #beat = (): void => {
    Atomics.add(this.#cells, noteCells.beats, 1)
    Atomics.store(this.#cells, noteCells.isOff, isDebugged() ? 1 : 0)
    this.#cancelTimer = systemClock.setTimer(this.#tickMs, this.#beat, { keepAlive: false })
  }

  #startThread(): Worker | undefined {
    const plan: WatchdogPlan = { memory: noteMemory, layout: noteLayout, slot: slotKey(), exitCode: watchdogExitCode, isMainThread }
    try {
      // Without options and environment of the process: no preloaded module, loader or tracer of it runs there.
      const thread = new Worker(watchdogProgram(), { eval: true, workerData: plan, execArgv: [], env: {}, name: 'dtfx-watchdog' })
      thread.unref()
      thread.on('message', (report: BlockReport) => this.#report(report))
      thread.on('error', (error) => this.#failed(error))
      thread.on('exit', () => {
        if (this.#thread === thread) this.#thread = undefined
      })
      return thread
    } catch (error) {
      this.#failed(error)
      return undefined
    }
  }

  #letGo(): void {
    const thread = this.#thread
    this.#thread = undefined
    this.#cancelTimer = undefined
    void thread?.terminate()
  }

  #report({ text, ...fields }: BlockReport): void {
    const { instanceId, name, blockedMs, stack } = fields
    for (const logger of this.#loggers()) logLine(logger, logEvents.loopBlocked, { instanceId, name, blockedMs, stack }, text)
  }

  #failed(error: unknown): void {
    for (const logger of this.#loggers()) logLine(logger, logEvents.watchdogEnded, { error }, messageOf(error))
  }

  #loggers(): Set<Logger> {
    return new Set([...this.#watched].map((each) => each.logger))
  }
}

/** Undefined in a build of Node without one. */
const inspector = process.getBuiltinModule('node:inspector') as typeof inspectorModule | undefined

function isDebugged(): boolean {
  return inspector?.url() !== undefined
}

let ownSlot: string | undefined

/** Where an inspector finds {@link describeRunningCode}; another copy of this package has a place of its own. */
function slotKey(): string {
  if (ownSlot !== undefined) return ownSlot
  let number = 0
  while (Symbol.for(`dtfx.watchdog.${number}`) in globalThis) number++
  ownSlot = `dtfx.watchdog.${number}`
  Object.defineProperty(globalThis, Symbol.for(ownSlot), { value: describeRunningCode, configurable: true })
  return ownSlot
}

/** One per thread. */
export const watchdog = new Watchdog()
