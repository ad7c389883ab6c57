/** `runOrchestration`: one orchestration in a unit test, with scripted activities, sub-orchestrations and events, in virtual time. The test's view of scripted-execution.ts. */
import { jsonConverter, type AnyActivity, type AnyOrchestration, type DataConverter, type EventDefinition, type OrchestrationDefinition } from '@dtfx/core'
import { validate } from '@dtfx/core/engine'
import { durationMs, type Duration, type FailureDetails, type HistoryEvent, type OrchestrationStatus, type Tags, type Ticks } from '@dtfx/core/provider'
import { VirtualClock } from '../clock/virtual-clock.js'
import { ScriptedExecution, type SentEvent, type SubOrchestrationAnswers } from './scripted-execution.js'
import { describeWaits } from './waits.js'

/** An external event of the script. */
export interface ScriptedEvent {
  readonly event: Pick<EventDefinition<never>, 'kind' | 'name' | 'schema'> | string
  readonly payload?: unknown
  /** How long after the start it arrives. Default: with the start. */
  readonly after?: Duration | undefined
}

export interface RunOrchestrationOptions<In = unknown> {
  readonly input?: In | undefined
  /** Stubs or real definitions. Timeouts and concurrency of activities are the worker's business: they do not apply here. */
  readonly activities?: readonly AnyActivity[] | undefined
  readonly subOrchestrations?: SubOrchestrationAnswers | undefined
  readonly events?: readonly ScriptedEvent[] | undefined
  /** Where virtual time begins. Default: 2030-01-01. */
  readonly startAt?: Ticks | Date | undefined
  readonly instanceId?: string | undefined
  readonly tags?: Tags | undefined
  /** Executions that `continueAsNew` may chain before the run is cut. @default 100 */
  readonly maxGenerations?: number | undefined
  readonly converter?: DataConverter | undefined
}

export interface OrchestrationRun<Out> {
  /** `Running`: nothing more can happen, and it still waits (see `waitsFor`). `ContinuedAsNew`: cut at `maxGenerations`. */
  readonly status: OrchestrationStatus
  /** When Completed. */
  readonly output: Out | undefined
  readonly failure: FailureDetails | undefined
  readonly customStatus: unknown
  /** Of the last execution. */
  readonly history: readonly HistoryEvent[]
  /** Executions that ran: 1 without `continueAsNew`. */
  readonly generations: number
  readonly sentEvents: readonly SentEvent[]
  /** Virtual time from start to end. */
  readonly elapsedMs: number
  /** When Running: for whom and what. */
  readonly waitsFor: string | undefined
}

/**
 * Runs an orchestration to its end, or to where it waits for something that the script does not provide. Every turn is replayed from the history, so that code that is not deterministic fails.
 * Failures of the orchestration are in the result; mistakes in the script (an activity that is not given) reject.
 * @throws DTFX_UNKNOWN_ACTIVITY, DTFX_UNKNOWN_ORCHESTRATION, DTFX_SCHEMA_MISMATCH, DTFX_NOT_SERIALIZABLE
 */
export async function runOrchestration<In, Out>(orchestration: OrchestrationDefinition<In, Out>, options: RunOrchestrationOptions<In> = {}): Promise<OrchestrationRun<Out>> {
  const clock = new VirtualClock(options.startAt)
  const converter = options.converter ?? jsonConverter
  const definition = orchestration as AnyOrchestration
  const { activities = [], subOrchestrations = {}, maxGenerations = 100 } = options
  const execution = new ScriptedExecution({ orchestration: definition, activities, subOrchestrations, clock, converter, maxGenerations })
  const startMs = clock.nowMs()
  begin(execution, options, converter)
  await execution.run()
  const { completion, history } = execution
  return {
    status: completion?.status ?? 'Running',
    output: completion?.status === 'Completed' ? (converter.decode(completion.result, 'output') as Out) : undefined,
    failure: completion?.failure,
    customStatus: converter.decode(execution.customStatus, 'custom status'),
    history,
    generations: execution.generation + 1,
    sentEvents: execution.sentEvents,
    elapsedMs: clock.nowMs() - startMs,
    waitsFor: completion === undefined ? await describeWaits(history, { orchestrations: [definition], converter, now: clock.nowTicks() }) : undefined,
  }
}

function begin(execution: ScriptedExecution, options: RunOrchestrationOptions<unknown>, converter: DataConverter): void {
  const { orchestration, clock } = execution.script
  const what = `input of orchestration '${orchestration.name}'`
  const instance = { instanceId: options.instanceId ?? 'test-instance', executionId: 'test-execution' }
  const { name, version } = orchestration
  const input = converter.encode(validate(orchestration.input, options.input, what), what)
  execution.arrive({ type: 'ExecutionStarted', eventId: -1, timestamp: clock.nowTicks(), instance, name, version, input, tags: options.tags })
  for (const { event, payload, after = 0 } of options.events ?? []) {
    const { name: eventName, schema } = typeof event === 'string' ? { name: event, schema: undefined } : event
    const eventWhat = `event '${eventName}'`
    const delayMs = durationMs(after, `after of ${eventWhat}`)
    execution.arrive({ type: 'EventRaised', eventId: -1, timestamp: clock.nowTicks(), name: eventName, input: converter.encode(validate(schema, payload, eventWhat), eventWhat) }, delayMs)
  }
}

