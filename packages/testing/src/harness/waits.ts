/**
 * What an orchestration waits for, found without a worker: open tasks come from its history, awaited events from one more replay that listens to `ctx.waitForExternalEvent`.
 * For messages to people; never decides anything.
 */
import type { AnyOrchestration, DataConverter } from '@dtfx/core'
import { createEngine, Registry } from '@dtfx/core/engine'
import { msFromTicks, type HistoryEvent, type HistoryEventOf, type Ticks } from '@dtfx/core/provider'
import { durationText } from './snapshot-history.js'

export type OpenTask = HistoryEventOf<'TaskScheduled'> | HistoryEventOf<'TimerCreated'> | HistoryEventOf<'SubOrchestrationInstanceCreated'>

/** Tasks that were scheduled and have no completion in the history. A cancelled timer is among them: cancelling leaves no trace. */
export function openTasks(history: readonly HistoryEvent[]): OpenTask[] {
  const open = new Map<number, OpenTask>()
  for (const event of history) {
    switch (event.type) {
      case 'TaskScheduled':
      case 'TimerCreated':
      case 'SubOrchestrationInstanceCreated':
        open.set(event.eventId, event)
        break
      case 'TaskCompleted':
      case 'TaskFailed':
      case 'SubOrchestrationInstanceCompleted':
      case 'SubOrchestrationInstanceFailed':
        open.delete(event.taskScheduledId)
        break
      case 'TimerFired':
        open.delete(event.timerId)
        break
      default:
    }
  }
  return [...open.values()]
}

export interface WaitSources {
  readonly orchestrations: readonly AnyOrchestration[]
  readonly converter?: DataConverter | undefined
  readonly now: Ticks
}

/** `event 'Approved' (raise it), timer #1 due … (advance the clock by 2d)`; undefined when nothing is open. */
export async function describeWaits(history: readonly HistoryEvent[], sources: WaitSources): Promise<string | undefined> {
  const events = await awaitedEvents(history, sources)
  const waits = [...events.map((name) => `event '${name}' (raise it)`), ...openTasks(history).map((task) => describeTask(task, sources.now))]
  return waits.length === 0 ? undefined : waits.slice(0, 10).join(', ') + (waits.length > 10 ? ` and ${waits.length - 10} more` : '')
}

function describeTask(task: OpenTask, now: Ticks): string {
  switch (task.type) {
    case 'TimerCreated': {
      const restMs = msFromTicks(task.fireAt) - msFromTicks(now)
      return `timer #${task.eventId} due ${task.fireAt}${restMs > 0 ? ` (advance the clock by ${durationText(restMs)})` : ''}`
    }
    case 'TaskScheduled':
      return `activity '${task.name}' #${task.eventId}`
    case 'SubOrchestrationInstanceCreated':
      return `sub-orchestration '${task.name}' #${task.eventId} (${task.instanceId})`
  }
}

/** Names of the events the code waits for at the end of `history`. Empty if the orchestration is not known. */
async function awaitedEvents(history: readonly HistoryEvent[], sources: WaitSources): Promise<string[]> {
  const start = history.find((event) => event.type === 'ExecutionStarted')
  if (start === undefined) return []
  const open: string[] = []
  const orchestrations = new Registry('Orchestration', sources.orchestrations.map((definition) => listening(definition, open)))
  const engine = createEngine({ orchestrations, converter: sources.converter })
  const { instanceId, executionId = '' } = start.instance
  await engine.run({ key: { instanceId, executionId }, past: history, fresh: [], keep: false })
  return open
}

/** The definition with a ctx that notes the name of every wait for an event until it ends. */
function listening(definition: AnyOrchestration, open: string[]): AnyOrchestration {
  const run = definition.run as (ctx: object, input: unknown) => Promise<unknown>
  return { ...definition, run: (ctx: object, input: unknown) => run(new Proxy(ctx, listener(open)), input) }
}

type Wait = (target: { readonly name: string } | string, options?: object) => Promise<unknown>

function listener(open: string[]): ProxyHandler<object> {
  return {
    get(ctx, key) {
      const member: unknown = Reflect.get(ctx, key, ctx)
      if (typeof member !== 'function') return member
      const bound = (member as (...args: unknown[]) => unknown).bind(ctx)
      if (key !== 'waitForExternalEvent') return bound
      const wait: Wait = (target, options) => {
        const task = (bound as Wait)(target, options)
        const name = typeof target === 'string' ? target : target.name
        open.push(name)
        const done = (): void => void open.splice(open.indexOf(name), 1)
        task.then(done, done)
        return task
      }
      return wait
    },
  }
}
