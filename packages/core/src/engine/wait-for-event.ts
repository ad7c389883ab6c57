/** `ctx.waitForExternalEvent`: a waiter in the inbox, with an optional durable timer against it. A waiter that timed out or was cancelled takes no event. */
import { durationMs, type Duration } from '../base/duration.js'
import { checkName } from '../authoring/definitions.js'
import type { StandardSchema } from '../authoring/schema.js'
import { TaskTimeoutError } from '../errors/user-errors.js'
import { label, noop, type Execution } from './execution.js'
import { EventInbox, type EventWaiter } from './external-events.js'
import { createTimer } from './timers.js'

export interface WaitOptions {
  readonly timeout?: Duration | undefined
  readonly onTimeout?: 'undefined' | undefined
  readonly schema?: StandardSchema | undefined
}

export function waitForEvent(x: Execution, name: string, options: WaitOptions = {}): Promise<unknown> {
  checkName('Event', name)
  const timeoutMs = options.timeout === undefined ? undefined : durationMs(options.timeout, 'timeout')
  const inbox = (x.inbox ??= new EventInbox(x))
  const before = inbox.waiting
  const waiter = inbox.wait(name, options.schema)
  const served = inbox.waiting === before
  const task = timeoutMs === undefined || served ? waiter.promise : race(x, waiter, timeoutMs, options)
  const cancellable = task as unknown as { cancel: () => void; [Symbol.dispose]: () => void }
  cancellable.cancel = () => inbox.cancel(waiter)
  cancellable[Symbol.dispose] = cancellable.cancel
  return task
}

function race(x: Execution, waiter: EventWaiter, timeoutMs: number, options: WaitOptions): Promise<unknown> {
  const timer = createTimer(x, timeoutMs)
  const timedOut = timer.then(() => {
    x.inbox?.withdraw(waiter)
    if (options.onTimeout === 'undefined') return undefined
    throw new TaskTimeoutError('Wait for event', waiter.name, timer.id, timeoutMs)
  })
  const task = Promise.race([waiter.promise, timedOut]).finally(() => timer.cancel())
  task.catch(noop)
  label(task, timer.id, waiter.name)
  return task
}
