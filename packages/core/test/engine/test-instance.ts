/**
 * One orchestration instance without a worker: runs turns on the engine and writes the history a provider would store.
 *
 * Invariants:
 * 1. By default every turn runs twice, on a suspended execution and as a replay of the whole history, and both must decide the same: each test of behaviour is one of determinism, too.
 *    The function under test therefore runs several times; a test that counts its runs asks for one mode.
 * 2. Turns are one second apart, the first at second 0.
 */
import { expect } from 'vitest'
import { defineOrchestration, type AnyOrchestration, type OrchestrationOptions } from '../../src/authoring/definitions.js'
import type { OrchestrationContext } from '../../src/authoring/orchestration-context.js'
import { Registry } from '../../src/authoring/registry.js'
import type { DeterminismMode } from '../../src/engine/determinism.js'
import { createEngine, type EngineOptions } from '../../src/engine/engine.js'
import type { TurnExecutor, TurnResult } from '../../src/engine/turn-executor.js'
import type { FailureDetails } from '../../src/errors/failure-details.js'
import type { CompleteAction, OrchestratorAction } from '../../src/model/actions.js'
import type { ExecutionStartedEvent, HistoryEvent } from '../../src/model/events.js'
import { recorded, started, testKey, turnEnd, turnStart } from './history-events.js'

export type Decided = Extract<TurnResult, { kind: 'decided' }>
export type Mode = 'sticky' | 'replay'

export interface InstanceOptions extends Omit<EngineOptions, 'orchestrations' | 'determinism'>, OrchestrationOptions<never, never> {
  readonly determinism?: DeterminismMode
  readonly payload?: unknown
  readonly start?: Partial<ExecutionStartedEvent>
  readonly modes?: readonly Mode[]
}

export type OrchestrationFunction = (ctx: OrchestrationContext, input: never) => Promise<unknown>

export class TestInstance {
  readonly #engine: TurnExecutor
  readonly #modes: readonly Mode[]
  readonly history: HistoryEvent[] = []
  turns = 0
  #status: string | undefined

  constructor(
    readonly definition: AnyOrchestration,
    readonly options: InstanceOptions = {},
  ) {
    this.#engine = engineOf(definition, options)
    this.#modes = options.modes ?? ['sticky', 'replay']
  }

  /** The first turn: start, and `events` with it. */
  begin(...events: readonly HistoryEvent[]): Promise<Decided> {
    return this.turn(started(this.definition.name, this.options.payload, this.options.start), ...events)
  }

  async turn(...events: readonly HistoryEvent[]): Promise<Decided> {
    const fresh = [turnStart(this.turns), ...events]
    const results: Decided[] = []
    for (const mode of this.#modes) {
      const past = mode === 'replay' || this.turns === 0 ? [...this.history] : undefined
      results.push(await this.#run(mode === 'sticky' ? this.#engine : engineOf(this.definition, this.options), past, fresh, mode === 'sticky'))
    }
    const [result, other] = results as [Decided, Decided?]
    if (other !== undefined) expect(comparable(other)).toStrictEqual(comparable(result))
    this.history.push(...fresh, ...recorded(result.actions), turnEnd(this.turns))
    this.#status = result.customStatus
    this.turns++
    return result
  }

  /** The whole history as past, nothing new: what is left to decide is an end that was not stored. */
  replay(history: readonly HistoryEvent[] = this.history): Promise<Decided> {
    return this.#run(engineOf(this.definition, this.options), history, [], false)
  }

  async #run(engine: TurnExecutor, past: readonly HistoryEvent[] | undefined, fresh: readonly HistoryEvent[], keep: boolean): Promise<Decided> {
    const result = await engine.run({ key: testKey, past, fresh, keep, customStatus: this.#status })
    if (result.kind !== 'decided') throw new Error(`the engine answered ${result.kind}`)
    return result
  }
}

export function instanceOf(run: OrchestrationFunction, options: InstanceOptions = {}): TestInstance {
  return new TestInstance(orchestrationOf(run, options), options)
}

export function orchestrationOf(run: OrchestrationFunction, { version, input, output, waitForOpenTasks, timerHopMs }: OrchestrationOptions<never, never> = {}, name = 'orderFlow'): AnyOrchestration {
  return defineOrchestration(name, run as never, { version, input, output, waitForOpenTasks, timerHopMs } as never) as AnyOrchestration
}

export function engineOf(definition: AnyOrchestration, { converter, logger, determinism = 'strict' }: Pick<InstanceOptions, 'converter' | 'logger' | 'determinism'> = {}): TurnExecutor {
  return createEngine({ orchestrations: new Registry('Orchestration', [definition]), converter, logger, determinism })
}

/** The end among the actions of a turn. */
export function endOf({ actions }: Decided): CompleteAction {
  const last = actions.at(-1)
  if (last?.type !== 'Complete') throw new Error(`it did not end: ${JSON.stringify(actions)}`)
  return last
}

/** Decoded result of an orchestration that completed. */
export function resultOf(turn: Decided): unknown {
  const end = endOf(turn)
  expect(end.failure).toBeUndefined()
  expect(end.status).toBe('Completed')
  return end.result === undefined ? undefined : JSON.parse(end.result)
}

export function failureOf(turn: Decided): FailureDetails {
  const end = endOf(turn)
  expect(end.status).toBe('Failed')
  return end.failure as FailureDetails
}

/** Code of the framework's error that an orchestration failed with. */
export function codeOf(turn: Decided): unknown {
  return failureOf(turn).properties?.['code']
}

/** Actions in short: `activity 0 Charge`, `timer 1 <fireAt>`. */
export function shown({ actions }: Decided): string[] {
  return actions.map(shownAction)
}

function shownAction(action: OrchestratorAction): string {
  switch (action.type) {
    case 'ScheduleTask':
      return `activity ${action.id} ${action.name}`
    case 'CreateTimer':
      return `timer ${action.id} ${action.fireAt}`
    case 'CreateSubOrchestration':
      return `child ${action.id} ${action.name}`
    case 'SendEvent':
      return `event ${action.id} ${action.name}`
    case 'PatchMarker':
      return `patch ${action.patchId}`
    case 'Complete':
      return `end ${action.id} ${action.status}`
  }
}

/** What two runs of the same turn must agree on: everything but stack traces and warnings. */
function comparable({ actions, customStatus }: Decided): unknown {
  return { actions: actions.map((action) => (action.type === 'Complete' ? { ...action, failure: withoutStacks(action.failure) } : action)), customStatus }
}

function withoutStacks(failure: FailureDetails | undefined): unknown {
  if (failure === undefined) return undefined
  return { ...failure, stackTrace: undefined, innerFailure: withoutStacks(failure.innerFailure), properties: { ...failure.properties, errors: undefined } }
}
