/**
 * TypeScript versions of the orchestrations that the recorded .NET programme ran, by the names it gave them. Only what an orchestration decides is here:
 * a replay runs no activity. Texts that show how .NET represents errors depend on the recorded error mode.
 */
import { defineOrchestration, type AnyOrchestration, type OrchestrationOptions } from '../../src/authoring/definitions.js'
import type { ContinuedAsNew, OrchestrationContext } from '../../src/authoring/orchestration-context.js'
import { SubOrchestrationFailedError, TaskFailedError } from '../../src/errors/user-errors.js'
import type { Recording } from './recording.js'

type Settings = Recording['settings']
type Context = OrchestrationContext

const hello = (ctx: Context, name: string): Promise<string> => ctx.callActivity<string>('Hello', name)

interface CanState {
  readonly $type: string
  readonly Generation: number
  readonly Log: readonly string[]
}

const sequences = {
  async HelloSequence(ctx: Context) {
    const greetings: string[] = []
    for (const city of ['Tokyo', 'Seattle', 'London', 'Paris', 'Cairo']) greetings.push(await hello(ctx, city))
    return greetings
  },
  async FanOut(ctx: Context, count: unknown) {
    if (typeof count !== 'number') throw new TypeError(`'${String(count)}' is no number`)
    const squares = await Promise.all(Array.from({ length: count }, (_, i) => ctx.callActivity<number>('Square', i)))
    return squares.reduce((sum, square) => sum + square, 0)
  },
  OneActivity: (ctx: Context, input: string) => hello(ctx, input),
  Child: async (ctx: Context, input: string) => `child:${await hello(ctx, input)}`,
  PocoOrch: (ctx: Context, input: unknown) => ctx.callActivity('PocoEcho', input),
  async Large(ctx: Context, input: string) {
    const text = await ctx.callActivity<string>('BigString', 102_400)
    return `${'o'.repeat(204_800)}:${await ctx.callActivity<number>('Length', text)}:${input.length}`
  },
  Versioned: async (ctx: Context, input: string) => `v1.2:${ctx.version}:${await ctx.callActivity<string>('Hello', input, { version: '2.0' })}`,
  Retry: (ctx: Context, prefix: string) =>
    ctx.callActivity<string>('Flaky', `${prefix}${ctx.instanceId}#2`, { retry: { maxAttempts: 5, firstDelay: '1s', backoff: 2 } }),
  async RewindTarget(ctx: Context) {
    const before = await hello(ctx, 'before')
    return `${before}|${await ctx.callActivity<string>('Flaky', `rewind-${ctx.instanceId}#1`)}`
  },
  UnknownActivityCaller: (ctx: Context, input: string) => ctx.callActivity('NoSuchActivity', input),
}

const timersAndEvents = {
  async TimerOrch(ctx: Context, seconds: number) {
    await ctx.createTimer(seconds * 1000)
    return 'fired:timer-state'
  },
  async TimerRace(ctx: Context) {
    const timer = ctx.createTimer('4s')
    const activity = hello(ctx, 'first')
    const first = await Promise.race([timer.then(() => undefined), activity])
    if (first === undefined) return 'timer won'
    timer.cancel()
    return `activity won:${first}`
  },
  async UnawaitedTimer(ctx: Context, seconds: number) {
    void ctx.createTimer(seconds * 1000)
    return hello(ctx, 'x')
  },
  WaitEvent: async (ctx: Context, name: string) => `got:${await ctx.waitForExternalEvent<string>(name)}`,
  async LateWaitEvent(ctx: Context, name: string) {
    await ctx.createTimer('3s')
    return `got:${await ctx.waitForExternalEvent<string>(name)}`
  },
  SuspendTarget: async (ctx: Context) => hello(ctx, await ctx.waitForExternalEvent<string>('Go')),
  async Sender(ctx: Context, instanceId: string) {
    ctx.sendEvent(instanceId, 'Approval', 'from-sender')
    return 'sent'
  },
}

const familiesAndGenerations = {
  Parent: async (ctx: Context, input: string) => `parent(${await ctx.callSubOrchestration<string>('Child', input, { instanceId: `child-of-${ctx.instanceId}` })})`,
  ParentAutoId: async (ctx: Context, input: string) => `parent(${await ctx.callSubOrchestration<string>('Child', input)})`,
  async ParentOfFailingChild(ctx: Context, input: string) {
    try {
      return await ctx.callSubOrchestration<string>('Throws', input, { instanceId: `child-of-${ctx.instanceId}` })
    } catch (error) {
      if (!(error instanceof SubOrchestrationFailedError)) throw error
      return `caught:${error.taskName}:${error.failure.errorMessage}`
    }
  },
  async FireAndForget(ctx: Context, input: string) {
    ctx.startSubOrchestration('Child', input, { instanceId: `ff-${ctx.instanceId}` })
    return 'parent-done'
  },
  async Can(ctx: Context, state: CanState): Promise<CanState | ContinuedAsNew> {
    const grown = { ...state, Log: [...state.Log, await hello(ctx, `gen${state.Generation}`)] }
    return state.Generation < 3 ? ctx.continueAsNew({ ...grown, Generation: state.Generation + 1 }) : grown
  },
  async CanWithEvents(ctx: Context, total: number): Promise<number | ContinuedAsNew> {
    const text = await ctx.waitForExternalEvent<string>('Add')
    return text === 'end' ? total : ctx.continueAsNew(total + Number(text))
  },
}

const failures = {
  async Throws(_ctx: Context, input: string) {
    throw new Error(`orchestration threw: ${input}`)
  },
  FailActivity: (ctx: Context, input: string) => ctx.callActivity('Fail', input),
  BadInputCaller: (ctx: Context, input: string) => ctx.callActivity('Square', input),
  /** Its replay asks for another activity than its first run. */
  NonDeterministic: (ctx: Context) => (ctx.isReplaying ? ctx.callActivity('Square', 3) : hello(ctx, 'a')),
}

/** .NET shows an exception that travelled as `InnerException` in one mode and as `FailureDetails` in the other. */
const catching = (settings: Settings) => ({
  async CatchFailActivity(ctx: Context, input: string) {
    try {
      return await ctx.callActivity('Fail', input)
    } catch (error) {
      if (!(error instanceof TaskFailedError)) throw error
      const { errorType, errorMessage } = error.failure
      const shown = `${errorType}:${errorMessage}`
      const inner = settings.errorPropagationMode === 'SerializeExceptions' && settings.includeDetails ? shown : 'null'
      const details = settings.errorPropagationMode === 'UseFailureDetails' ? shown : 'null'
      return `caught TaskFailedException name=${error.taskName} msg=${errorMessage} inner=${inner} fd=${details}`
    }
  },
})

/** All of them, with .NET's rules for timers and, if asked for, for the end of an orchestration. */
export function dotnetOrchestrations(settings: Settings, waitForOpenTasks: boolean): AnyOrchestration[] {
  const functions = { ...sequences, ...timersAndEvents, ...familiesAndGenerations, ...failures, ...catching(settings) }
  return Object.entries(functions).map(([name, run]) => {
    const options: OrchestrationOptions<never, never> = { waitForOpenTasks, timerHopMs: 'none', ...(name === 'Versioned' ? { version: '1.2' } : undefined) }
    return defineOrchestration(name, run as () => Promise<never>, options) as AnyOrchestration
  })
}
