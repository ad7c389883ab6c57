/**
 * Durable timers of any length. A timer longer than one hop is split into TimerCreated events of their own ids; the promise is that of the first.
 * Invariant: a TimerFired ends the timer exactly when the `FireAt` it carries is at or after the deadline, compared in ticks; the clock is never asked.
 */
import { durationMs, type Duration } from '../base/duration.js'
import { addMs, compareTicks, maxTicks, msFromTicks, ticksFromMs, type Ticks } from '../base/ticks.js'
import type { DurableTimer } from '../authoring/orchestration-context.js'
import { dtfxError } from '../errors/durable-error.js'
import { TaskCanceledError } from '../errors/user-errors.js'
import { noop, type Execution, type OpenTask } from './execution.js'

const RealDate = Date

/** Creates a timer. @throws DTFX_INVALID_DURATION, DTFX_INVALID_TIME */
export function createTimer(x: Execution, at: Duration | Date, signal?: AbortSignal): DurableTimer {
  const deadline = deadlineOf(x, at)
  const task = x.openTask(x.takeId(), 'timer', 'timer', { deadline })
  schedule(x, task.id, nextHop(x, x.nowTicks, deadline))
  return dress(x, task, signal)
}

/** The timer that ends every retry of .NET: due at once. */
export function createImmediateTimer(x: Execution): Promise<unknown> {
  const task = x.openTask(x.takeId(), 'timer', 'timer', { deadline: x.nowTicks })
  schedule(x, task.id, x.nowTicks)
  return task.promise
}

/** A hop fired before the deadline: the task lives on under a new id. */
export function continueTimer(x: Execution, task: OpenTask, firedAt: Ticks): void {
  const deadline = task.deadline as Ticks
  const id = x.takeId()
  task.openId = id
  x.open.set(id, task)
  schedule(x, id, nextHop(x, firedAt, deadline))
}

function schedule(x: Execution, id: number, fireAt: Ticks): void {
  x.pending.set(id, { type: 'CreateTimer', id, fireAt })
}

function deadlineOf(x: Execution, at: Duration | Date): Ticks {
  if (typeof at === 'object' && at !== null && typeof (at as Date).getTime === 'function') {
    const ms = (at as Date).getTime()
    if (!Number.isFinite(ms)) throw dtfxError('DTFX_INVALID_TIME', { what: 'createTimer', value: 'an invalid Date' })
    const ticks = ms > msFromTicks(maxTicks) || ms < -62135596800000 ? undefined : ticksFromMs(ms)
    if (ticks === undefined) throw dtfxError('DTFX_INVALID_TIME', { what: 'createTimer', value: String(ms) })
    return ticks
  }
  const ms = durationMs(at as Duration, 'createTimer')
  const ticks = addMs(x.nowTicks, ms)
  if (ticks === undefined) throw dtfxError('DTFX_INVALID_TIME', { what: 'createTimer', value: `now + ${ms} ms` })
  return ticks
}

function nextHop(x: Execution, from: Ticks, deadline: Ticks): Ticks {
  const hopMs = x.definition.timerHopMs
  if (hopMs === 'none') return deadline
  const hop = addMs(from, hopMs)
  return hop === undefined || compareTicks(hop, deadline) >= 0 ? deadline : hop
}

function dress(x: Execution, task: OpenTask, signal: AbortSignal | undefined): DurableTimer {
  const cancel = (): void => {
    if (x.open.get(task.openId) !== task) return
    x.open.delete(task.openId)
    task.promise.catch(noop)
    task.reject(new TaskCanceledError('Timer', task.name, task.id))
  }
  const timer = task.promise as unknown as { cancel: () => void; fireAt: Date; [Symbol.dispose]: () => void }
  timer.cancel = cancel
  timer.fireAt = new RealDate(msFromTicks(task.deadline as Ticks))
  timer[Symbol.dispose] = cancel
  if (signal?.aborted === true) cancel()
  else signal?.addEventListener('abort', cancel, { once: true })
  return task.promise as unknown as DurableTimer
}
