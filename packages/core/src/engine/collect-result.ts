/**
 * What an execution decided, once its events are applied and drained: actions in order of id, a completion last, and warnings for people.
 *
 * Invariants:
 * 1. Every action is handed out once: `pending` is empty afterwards (suspended ones stay aside). Patch markers are never held back: a replay of the turn before the resume
 *    would not find them, and answer otherwise.
 * 2. A terminated, poisoned or non-deterministic execution decides nothing but its end; a returned one still sends what it scheduled without waiting.
 */
import { DurableError, dtfxError } from '../errors/durable-error.js'
import type { ErrorCode } from '../errors/registry.js'
import { failureFromError } from '../errors/failure-details.js'
import type { CompleteAction, OrchestratorAction } from '../model/actions.js'
import { validate } from '../authoring/schema.js'
import type { Execution, Outcome } from './execution.js'
import type { TurnResult, TurnWarning } from './turn-executor.js'

type Decided = Extract<TurnResult, { kind: 'decided' }>

export function collectResult(x: Execution, storedStatus: string | undefined): Decided {
  const customStatus = x.customStatus === undefined ? storedStatus : x.customStatus.text
  const ended = endOf(x)
  if (ended === undefined) {
    const actions = x.suspension === undefined ? takePending(x) : takeMarkers(x)
    return { kind: 'decided', actions, customStatus, warnings: [] }
  }
  const dropped = ended.kind === 'terminated' || (ended.kind === 'threw' && ended.error === x.poison)
  const actions = dropped ? [] : takePending(x)
  const completion = completionOf(x, ended)
  return { kind: 'decided', actions: [...actions, completion], customStatus, warnings: warningsOf(x, completion) }
}

/** The end of an execution that cannot go on: nothing it scheduled is sent. */
export function failedResult(x: Execution, error: unknown, storedStatus: string | undefined): Decided {
  const failure = failureFromError(error)
  const customStatus = x.customStatus === undefined ? storedStatus : x.customStatus.text
  return { kind: 'decided', actions: [{ type: 'Complete', id: x.nextId, status: 'Failed', failure }], customStatus, warnings: [] }
}

/** The outcome if the execution is over: misuse that was reported once is an end, whatever the code did with it. */
function endOf(x: Execution): Outcome | undefined {
  if (x.outcome?.kind === 'terminated') return x.outcome
  if (x.poison !== undefined) return { kind: 'threw', error: x.poison }
  if (x.outcome !== undefined) {
    // A continue-as-new waits for the resume: events that came meanwhile go along with it.
    return x.suspension !== undefined || (x.definition.waitForOpenTasks && x.open.size > 0) ? undefined : x.outcome
  }
  if (x.start !== undefined && x.suspension === undefined && x.open.size === 0 && (x.inbox?.waiting ?? 0) === 0) {
    x.poison = dtfxError('DTFX_BLOCKED_ON_FOREIGN_PROMISE', { name: x.definition.name, instanceId: x.instanceId })
    return { kind: 'threw', error: x.poison }
  }
  return undefined
}

function takeMarkers(x: Execution): OrchestratorAction[] {
  const markers = (x.newMarkers ?? []).map((patchId): OrchestratorAction => ({ type: 'PatchMarker', id: -1, patchId }))
  x.newMarkers = undefined
  return markers
}

function takePending(x: Execution): OrchestratorAction[] {
  const actions = x.newMarkers === undefined ? [] : takeMarkers(x)
  for (const action of x.pending.values()) actions.push(action)
  x.pending.clear()
  return actions
}

function completionOf(x: Execution, ended: Outcome): CompleteAction {
  const id = x.nextId
  if (ended.kind === 'terminated') return { type: 'Complete', id, status: 'Terminated', result: ended.reason, recursive: ended.recursive }
  if (ended.kind === 'threw') return { type: 'Complete', id, status: 'Failed', failure: failureFromError(ended.error) }
  if (x.continuation !== undefined) {
    const { input, version, carryOver } = x.continuation
    return { type: 'Complete', id, status: 'ContinuedAsNew', result: input, newVersion: version, carryOver: carryOver ? [...(x.inbox?.buffered ?? [])] : [] }
  }
  const what = `result of orchestration '${x.definition.name}'`
  try {
    return { type: 'Complete', id, status: 'Completed', result: x.settings.converter.encode(validate(x.definition.output, ended.value, what), what) }
  } catch (error) {
    return { type: 'Complete', id, status: 'Failed', failure: failureFromError(error) }
  }
}

function warningsOf(x: Execution, completion: CompleteAction): TurnWarning[] {
  const warnings: TurnWarning[] = []
  if (x.open.size > 0 && completion.status !== 'Terminated') {
    const tasks = [...x.open.values()].slice(0, 10).map((task) => `${task.kind} '${task.name}' (#${task.id}${x.settings.trackAwaits ? (task.awaited === true ? ', awaited' : ', never awaited') : ''})`)
    const more = x.open.size > 10 ? ` and ${x.open.size - 10} more` : ''
    warnings.push({ kind: 'open-task-at-completion', message: `ended as ${completion.status} while tasks are open: ${tasks.join(', ')}${more}; their results are dropped` })
  }
  return warnings
}

const endsReplay: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['DTFX_NONDETERMINISTIC', 'DTFX_HISTORY_CORRUPT', 'DTFX_TOO_MANY_EVENTS', 'DTFX_TOO_MANY_ACTIONS', 'DTFX_PAYLOAD_CODEC'])

/**
 * True for an error that says the history and the code do not fit, that the history is damaged, or that a limit is crossed.
 * A payload that cannot be decrypted here is one too: code that could catch it would go another way than where the key is known.
 */
export function isReplayError(error: unknown): boolean {
  return DurableError.is(error) && endsReplay.has(error.code)
}
