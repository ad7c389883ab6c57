/**
 * The pump: feeds events to executions, one execution at a time per thread, and lets each event's consequences run to the end before the next event.
 *
 * Invariants:
 * 1. After an event that settled something, the next step runs in a `process.nextTick` armed from inside a microtask: then every microtask of the turn has run, however long the chain.
 *    (A tick armed from a tick, timer or I/O callback would run before them; counting microtask hops is guessing; setImmediate waits for everybody's I/O.)
 * 2. Turns are serialized, and yield to the event loop (`setImmediate`) only at drained points, at the latest `sliceMs` after the loop last came round, also when turns follow each other without a gap.
 * 3. While a turn is running the tick queue is never empty, so Node does not look at rejections before its end: transient ones never surface.
 */
import { systemClock } from '../base/clock.js'
import { inRootContext } from './scope.js'

/** Takes the place of a job in the queue, so that a finished one is not kept alive. */
const finishedJob: PumpJob = { drained: () => {}, advance: () => false, finish: () => {}, fail: () => {} }

/** One turn as the pump sees it. */
export interface PumpJob {
  /** Every consequence of the last event has run: the code is suspended. */
  drained(): void
  /** Applies events until one needs a drain (true) or none is left (false). Called at drained points only. */
  advance(): boolean
  /** All events are applied and drained. */
  finish(): void
  /** `advance` or `finish` threw: a defect of the framework. */
  fail(error: unknown): void
}

const nextTick = process.nextTick
const realSetImmediate = setImmediate
const resolved = Promise.resolve()
const nowMs = systemClock.monotonicMs

export class TurnPump {
  readonly #sliceMs: number
  #jobs: PumpJob[] = []
  #head = 0
  #current: PumpJob | undefined
  #running = false
  #sliceEndMs = 0
  #sliceOpen = false
  #steps = 0

  constructor(sliceMs: number) {
    this.#sliceMs = sliceMs
  }

  submit(job: PumpJob): void {
    this.#jobs.push(job)
    if (this.#running) return
    this.#running = true
    this.#openSlice()
    inRootContext(() => resolved.then(this.#arm))
  }

  /** A slice lasts until the event loop has come round once. */
  #openSlice(): void {
    if (this.#sliceOpen) return
    this.#sliceOpen = true
    this.#sliceEndMs = nowMs() + this.#sliceMs
    realSetImmediate(this.#closeSlice)
  }

  readonly #closeSlice = (): void => {
    this.#sliceOpen = false
    if (this.#running) this.#openSlice()
  }

  readonly #arm = (): void => {
    nextTick(this.#step)
  }

  readonly #resume = (): void => {
    this.#openSlice()
    resolved.then(this.#arm)
  }

  readonly #step = (): void => {
    this.#current?.drained()
    for (;;) {
      if ((++this.#steps & 31) === 0 && nowMs() > this.#sliceEndMs) {
        realSetImmediate(this.#resume)
        return
      }
      const job = (this.#current ??= this.#take())
      if (job === undefined) {
        this.#running = false
        return
      }
      try {
        if (job.advance()) {
          resolved.then(this.#arm)
          return
        }
        this.#current = undefined
        job.finish()
      } catch (error) {
        this.#current = undefined
        job.fail(error)
      }
    }
  }

  #take(): PumpJob | undefined {
    if (this.#head === this.#jobs.length) {
      if (this.#head > 0) {
        this.#jobs = []
        this.#head = 0
      }
      return undefined
    }
    const job = this.#jobs[this.#head] as PumpJob
    this.#jobs[this.#head] = finishedJob
    this.#head++
    if (this.#head > 1024 && this.#head * 2 > this.#jobs.length) {
      this.#jobs = this.#jobs.slice(this.#head)
      this.#head = 0
    }
    return job
  }
}
