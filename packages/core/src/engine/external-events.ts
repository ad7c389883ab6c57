/**
 * External events of one execution: waiters and buffer.
 *
 * Invariants:
 * 1. Per name, events are handed out in the order of arrival and waiters served in the order of their calls. Names are compared in lower case, independent of locale.
 * 2. An event is in the buffer or handed to exactly one waiter. What is in the buffer when the execution continues as new goes along.
 */
import { DurableError, dtfxError } from '../errors/durable-error.js'
import { TaskCanceledError } from '../errors/user-errors.js'
import { limits } from '../base/limits.js'
import type { EventRaisedEvent } from '../model/events.js'
import { validate, type StandardSchema } from '../authoring/schema.js'
import { label, noop, type Execution } from './execution.js'

export interface EventWaiter {
  readonly name: string
  readonly schema: StandardSchema | undefined
  readonly promise: Promise<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (reason: unknown) => void
}

export class EventInbox {
  readonly #waiters = new Map<string, EventWaiter[]>()
  #buffer: EventRaisedEvent[] = []
  waiting = 0

  constructor(readonly execution: Execution) {}

  get buffered(): readonly EventRaisedEvent[] {
    return this.#buffer
  }

  /** Names somebody waits for, for diagnostics. */
  get awaitedNames(): string[] {
    return [...this.#waiters.values()].flat().map((waiter) => waiter.name)
  }

  wait(name: string, schema: StandardSchema | undefined): EventWaiter {
    let resolve!: (value: unknown) => void
    let reject!: (reason: unknown) => void
    const promise = new Promise<unknown>((onResolve, onReject) => {
      resolve = onResolve
      reject = onReject
    })
    label(promise, -1, name)
    const waiter: EventWaiter = { name, schema, promise, resolve, reject }
    const key = name.toLowerCase()
    const index = this.#buffer.findIndex((event) => event.name.toLowerCase() === key)
    if (index >= 0) {
      const [event] = this.#buffer.splice(index, 1)
      this.#hand(waiter, event as EventRaisedEvent)
      return waiter
    }
    const queue = this.#waiters.get(key)
    if (queue === undefined) this.#waiters.set(key, [waiter])
    else queue.push(waiter)
    this.waiting++
    return waiter
  }

  /** Takes a waiter out of the queue. False if it was served already. */
  withdraw(waiter: EventWaiter): boolean {
    const key = waiter.name.toLowerCase()
    const queue = this.#waiters.get(key)
    const index = queue?.indexOf(waiter) ?? -1
    if (queue === undefined || index < 0) return false
    queue.splice(index, 1)
    if (queue.length === 0) this.#waiters.delete(key)
    this.waiting--
    return true
  }

  cancel(waiter: EventWaiter): void {
    if (!this.withdraw(waiter)) return
    waiter.promise.catch(noop)
    waiter.reject(new TaskCanceledError('Wait for event', waiter.name, -1))
  }

  /** Applies an EventRaised. True if a waiter was served. */
  raise(event: EventRaisedEvent, serve: boolean): boolean {
    const queue = serve ? this.#waiters.get(event.name.toLowerCase()) : undefined
    const waiter = queue?.[0]
    if (waiter === undefined) {
      if (this.#buffer.length >= limits.maxBufferedEvents) {
        throw dtfxError('DTFX_TOO_MANY_EVENTS', { instanceId: this.execution.instanceId, limit: limits.maxBufferedEvents })
      }
      this.#buffer.push(event)
      return false
    }
    this.withdraw(waiter)
    this.#hand(waiter, event)
    return true
  }

  #hand(waiter: EventWaiter, event: EventRaisedEvent): void {
    const what = `event '${event.name}'`
    try {
      const value = this.execution.settings.converter.decode(event.input, what)
      waiter.resolve(validate(waiter.schema, value, what))
    } catch (error) {
      if (DurableError.is(error, 'DTFX_PAYLOAD_CODEC')) throw (this.execution.poison ??= error)
      waiter.promise.catch(noop)
      waiter.reject(error)
    }
  }
}
