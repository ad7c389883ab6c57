/**
 * Stand-ins for activities, with spy data. A stub goes wherever the definition goes: into `createTestHub`, a worker, `runOrchestration`.
 * It has the name, version, retry policy and schemas of what it stands for. Invariant: what a call does is decided by the configuration at the moment of the call; calls are recorded before anything else happens.
 */
import type { ActivityContext, ActivityDeclaration, ActivityDefinition } from '@dtfx/core'
import { durationMs, dtfxError, type Duration } from '@dtfx/core/provider'
import { activitySleep } from './activity-clock.js'

/** One call of a stub. */
export interface StubCall<In> {
  readonly input: In
  /** Instance, task id, delivery count, tags … of the call. */
  readonly context: ActivityContext
}

export interface ActivityStub<In, Out> extends ActivityDefinition<In, Out> {
  /** Calls so far, in order. Includes repeated attempts and redeliveries. */
  readonly calls: readonly StubCall<In>[]
  readonly callCount: number
  /** Every call returns `value`, or what the function returns for the input. */
  returns(value: Out | ((input: In, context: ActivityContext) => Out | Promise<Out>)): this
  /** Every call throws. */
  throws(error: unknown): this
  /** The next `count` calls throw (default: an Error that says so); then the rest of the configuration applies. */
  failsTimes(count: number, error?: unknown): this
  /** Every call takes this long first, on the clock of the hub: virtual time passes only when the test advances it. */
  delays(duration: Duration): this
  /** Forgets calls and configuration. */
  reset(): this
}

interface Behaviour {
  answer: (input: never, context: ActivityContext) => unknown
  failures: { left: number; readonly error: unknown }[]
  delay: Duration | undefined
}

/** A stub for an activity, real or only declared. Without further configuration it returns undefined at once. */
export function stub<In, Out>(activity: ActivityDeclaration<In, Out>): ActivityStub<In, Out> {
  if ((activity as { kind?: unknown } | undefined)?.kind !== 'activity') throw refusal('stub', 'give a definition made by defineActivity or declareActivity')
  const definition = activity as Partial<ActivityDefinition<In, Out>> & ActivityDeclaration<In, Out>
  const calls: StubCall<In>[] = []
  const behaviour: Behaviour = { answer: () => undefined, failures: [], delay: undefined }
  const configured = (change: () => void) => {
    change()
    return made
  }
  const made: ActivityStub<In, Out> = {
    kind: 'activity',
    name: definition.name,
    version: definition.version,
    retry: definition.retry,
    input: definition.input,
    output: definition.output,
    timeoutMs: definition.timeoutMs,
    concurrency: definition.concurrency,
    run: (context: ActivityContext, input: never) => {
      calls.push({ input, context })
      return answer(behaviour, context, input)
    },
    calls,
    get callCount() {
      return calls.length
    },
    returns: (value) => configured(() => (behaviour.answer = typeof value === 'function' ? (value as Behaviour['answer']) : () => value)),
    throws: (error) => configured(() => (behaviour.answer = () => raise(error))),
    failsTimes: (count, error) => configured(() => behaviour.failures.push(checkedFailures(count, error ?? new Error(`Stub of '${definition.name}' fails as configured.`)))),
    delays: (duration) => configured(() => (behaviour.delay = checkedDelay(duration))),
    reset: () =>
      configured(() => {
        calls.length = 0
        Object.assign(behaviour, { answer: () => undefined, failures: [], delay: undefined })
      }),
  }
  return made
}

async function answer(behaviour: Behaviour, context: ActivityContext, input: never): Promise<unknown> {
  const failing = behaviour.failures.find(({ left }) => left > 0)
  if (failing !== undefined) failing.left--
  const give = behaviour.answer
  if (behaviour.delay !== undefined) await activitySleep(behaviour.delay, context.signal)
  return failing === undefined ? give(input, context) : raise(failing.error)
}

function raise(error: unknown): never {
  throw error
}

function checkedDelay(duration: Duration): Duration {
  durationMs(duration, 'delay of a stub')
  return duration
}

function checkedFailures(count: number, error: unknown): { left: number; error: unknown } {
  if (!Number.isInteger(count) || count < 0) throw refusal('failsTimes', `count is ${count}; give a whole number ≥ 0`)
  return { left: count, error }
}

function refusal(what: string, problem: string): Error {
  return dtfxError('DTFX_INVALID_OPTION', { what, problem })
}
