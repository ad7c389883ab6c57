/**
 * An orchestration on the engine alone: no worker, no store. Turns, timers and activities run on a virtual clock that jumps to the next thing that is due.
 * Invariant: every turn replays the whole history, so that code that is not deterministic is found where a worker would go on with what it has in memory.
 */
import { jsonConverter, type AnyActivity, type AnyOrchestration, type DataConverter } from '@dtfx/core'
import { createEngine, Registry, type CompleteAction, type OrchestratorAction, type TurnExecutor } from '@dtfx/core/engine'
import { dtfxError, failureFromError, msFromTicks, type EventRaisedEvent, type ExecutionStartedEvent, type HistoryEvent } from '@dtfx/core/provider'
import { nextLoopTurn } from '../clock/event-loop.js'
import type { VirtualClock } from '../clock/virtual-clock.js'
import { decisionEvent } from './decision-event.js'
import { callActivity } from './run-activity.js'

/** Answers of sub-orchestrations by name: the result, or a function of the input. What it throws is the child's failure. */
export type SubOrchestrationAnswers = Readonly<Record<string, (input: unknown) => unknown>>

export interface Script {
  readonly orchestration: AnyOrchestration
  readonly activities: readonly AnyActivity[]
  readonly subOrchestrations: SubOrchestrationAnswers
  readonly clock: VirtualClock
  readonly converter: DataConverter | undefined
  readonly maxGenerations: number
}

export interface SentEvent {
  readonly instanceId: string
  readonly name: string
  readonly payload: unknown
}

export class ScriptedExecution {
  history: HistoryEvent[] = []
  completion: CompleteAction | undefined
  customStatus: string | undefined
  generation = 0
  readonly sentEvents: SentEvent[] = []
  readonly #converter: DataConverter
  readonly #engine: TurnExecutor
  readonly #activities: Registry<AnyActivity>
  #arrived: HistoryEvent[] = []
  #running = 0
  #problem: { readonly error: unknown } | undefined
  #wake = (): void => {}

  constructor(readonly script: Script) {
    this.#converter = script.converter ?? jsonConverter
    this.#engine = createEngine({ orchestrations: new Registry('Orchestration', [script.orchestration]), converter: this.#converter })
    this.#activities = new Registry('Activity', script.activities)
    script.clock.onSleepersChanged = () => this.#wake()
  }

  /** Lets an event arrive, now or later. */
  arrive(event: HistoryEvent, delayMs = 0): void {
    if (delayMs <= 0) this.#deliver(event)
    else this.script.clock.setTimer(delayMs, () => this.#deliver(event))
  }

  /** Runs until the orchestration ends, or until nothing more can happen. */
  async run(): Promise<void> {
    const { clock } = this.script
    while (this.completion === undefined) {
      await nextLoopTurn()
      if (this.#problem !== undefined) throw this.#problem.error
      if (this.#arrived.length > 0) await this.#turn()
      else if (this.#running > clock.sleepers) await this.#nextArrival()
      else {
        const nextMs = clock.nextTimerMs()
        if (nextMs === undefined) return
        clock.advanceTo(nextMs)
      }
    }
  }

  #nextArrival(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve))
  }

  #deliver(event: HistoryEvent): void {
    this.#arrived.push(event)
    this.#wake()
  }

  /** Results of an execution that continued as new meanwhile are dropped. */
  #deliverIf(generation: number, event: HistoryEvent): void {
    if (generation === this.generation) this.#deliver(event)
  }

  async #turn(): Promise<void> {
    const fresh: HistoryEvent[] = [{ type: 'OrchestratorStarted', eventId: -1, timestamp: this.#now }, ...this.#arrived]
    this.#arrived = []
    const start = this.#start(fresh)
    const { instanceId, executionId = '' } = start.instance
    const result = await this.#engine.run({ key: { instanceId, executionId }, past: this.history, fresh, customStatus: this.customStatus, keep: false })
    if (result.kind !== 'decided') throw dtfxError('DTFX_UNKNOWN_ORCHESTRATION', { name: start.name, known: this.script.orchestration.name })
    this.history.push(...fresh)
    this.customStatus = result.customStatus
    for (const action of result.actions) {
      this.history.push(decisionEvent(action, this.#now))
      if (action.type === 'Complete') this.#complete(action, start)
      else this.#carryOut(action, start)
    }
    if (!this.history.some(({ type }) => type === 'ExecutionStarted')) return
    this.history.push({ type: 'OrchestratorCompleted', eventId: -1, timestamp: this.#now })
  }

  #start(fresh: readonly HistoryEvent[]): ExecutionStartedEvent {
    return [...this.history, ...fresh].find((event) => event.type === 'ExecutionStarted') as ExecutionStartedEvent
  }

  get #now(): string {
    return this.script.clock.nowTicks()
  }

  #carryOut(action: Exclude<OrchestratorAction, CompleteAction>, start: ExecutionStartedEvent): void {
    const { generation } = this
    const base = { eventId: -1, timestamp: this.#now }
    switch (action.type) {
      case 'ScheduleTask':
        return this.#call(action.id, () => this.#callActivity(action, start))
      case 'CreateTimer': {
        const fired: HistoryEvent = { type: 'TimerFired', ...base, timerId: action.id, fireAt: action.fireAt }
        this.script.clock.setTimer(msFromTicks(action.fireAt) - this.script.clock.nowMs(), () => this.#deliverIf(generation, fired))
        return
      }
      case 'CreateSubOrchestration':
        if (action.fireAndForget === true) return
        return this.#call(action.id, () => this.#answerChild(action), 'SubOrchestrationInstance')
      case 'SendEvent':
        this.sentEvents.push({ instanceId: action.instanceId, name: action.name, payload: this.#converter.decode(action.input, `event '${action.name}'`) })
        return
      case 'PatchMarker':
    }
  }

  /** Runs what a task stands for and lets its end arrive. What is wrong with the script itself ends the run. */
  #call(taskScheduledId: number, run: () => Promise<string | undefined>, kind: 'Task' | 'SubOrchestrationInstance' = 'Task'): void {
    const { generation } = this
    this.#running++
    const ended = (event: HistoryEvent): void => {
      this.#running--
      this.#deliverIf(generation, event)
      this.#wake()
    }
    run().then(
      (result) => ended({ type: `${kind}Completed`, eventId: -1, timestamp: this.#now, taskScheduledId, result }),
      (error: unknown) => {
        if (error instanceof ScriptProblem) this.#problem ??= { error: error.cause }
        ended({ type: `${kind}Failed`, eventId: -1, timestamp: this.#now, taskScheduledId, failure: failureFromError(error) })
      },
    )
  }

  async #callActivity(action: Extract<OrchestratorAction, { type: 'ScheduleTask' }>, start: ExecutionStartedEvent): Promise<string | undefined> {
    const activity = this.#activities.find(action.name, action.version)
    if (activity === undefined) throw new ScriptProblem(dtfxError('DTFX_UNKNOWN_ACTIVITY', { name: action.name, version: '', known: this.#activities.describe() }))
    const { instanceId, executionId } = start.instance
    return callActivity(activity, argumentOf(action.input, this.#converter), {
      ...{ instanceId, executionId, taskId: action.id, tags: action.tags, orchestrationTags: start.tags },
      converter: this.#converter,
      clock: this.script.clock,
    })
  }

  async #answerChild(action: Extract<OrchestratorAction, { type: 'CreateSubOrchestration' }>): Promise<string | undefined> {
    const { subOrchestrations } = this.script
    const answer = Object.hasOwn(subOrchestrations, action.name) ? subOrchestrations[action.name] : undefined
    const known = Object.keys(subOrchestrations).sort().join(', ') || 'none'
    if (answer === undefined) throw new ScriptProblem(dtfxError('DTFX_UNKNOWN_ORCHESTRATION', { name: action.name, version: '', known }))
    const result = await answer(this.#converter.decode(action.input, `input of sub-orchestration '${action.name}'`))
    return this.#converter.encode(result, `result of sub-orchestration '${action.name}'`)
  }

  #complete(action: CompleteAction, start: ExecutionStartedEvent): void {
    if (action.status !== 'ContinuedAsNew' || this.generation + 1 >= this.script.maxGenerations) {
      this.completion = action
      return
    }
    this.generation++
    this.history = []
    const instance = { instanceId: start.instance.instanceId, executionId: `${start.instance.executionId?.split('~')[0]}~${this.generation}` }
    const next: ExecutionStartedEvent = { ...start, timestamp: this.#now, instance, seedExecutionId: undefined, input: action.result, version: action.newVersion ?? start.version, generation: this.generation }
    const carried: readonly EventRaisedEvent[] = action.carryOver ?? []
    this.#arrived.unshift(next, ...carried)
  }
}

/** A mistake in the script: it ends the run instead of becoming a failure that the orchestration could catch. */
class ScriptProblem extends Error {
  constructor(cause: unknown) {
    super('script', { cause })
  }
}

/** The one argument of an activity: the arguments travel as a JSON array. */
function argumentOf(input: string | undefined, converter: DataConverter): string | undefined {
  const values: unknown = converter.decode(input, 'arguments of an activity')
  return Array.isArray(values) && values.length > 0 ? converter.encode(values[0], 'argument of an activity') : undefined
}
