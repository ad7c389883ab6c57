import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { OrchestrationContext } from '../../src/authoring/orchestration-context.js'
import { declareActivity } from '../../src/authoring/definitions.js'
import { retryDelayMs } from '../../src/engine/retries.js'
import { TaskFailedError, type TaskTimeoutError } from '../../src/errors/user-errors.js'
import type { FailureDetails } from '../../src/errors/failure-details.js'
import type { HistoryEvent } from '../../src/model/events.js'
import { checkRetryPolicy, type RetryPolicy } from '../../src/model/retry-policy.js'
import { at, childFailed, completed, failed, fired } from './history-events.js'
import { codeOf, failureOf, instanceOf, resultOf, shown, type TestInstance } from './test-instance.js'

const flaky = (retry: RetryPolicy, more?: { timeout?: number }): TestInstance => instanceOf(async (ctx) => ctx.callActivity('Flaky', 1, { retry, ...more }))

/** Begins, then answers each turn with the given event; the decisions of every turn. */
async function decisions(instance: TestInstance, ...answers: readonly HistoryEvent[]): Promise<string[][]> {
  const turns = [shown(await instance.begin())]
  for (const answer of answers) turns.push(shown(await instance.turn(answer)))
  return turns
}

const failure = (more: Partial<FailureDetails> = {}): FailureDetails => ({ errorType: 'Error', errorMessage: 'boom', isNonRetriable: false, ...more })

describe("the ids are those of .NET's RetryInterceptor", () => {
  it('every failing attempt takes one id for the call and one for a timer; after the last comes a timer due at once', async () => {
    const turns = await decisions(flaky({ maxAttempts: 3, firstDelay: '10s', backoff: 3 }), failed(0), fired(1, at(11)), failed(2), fired(3, at(33)), failed(4), fired(5, at(5)))
    expect(turns).toStrictEqual([
      ['activity 0 Flaky'],
      [`timer 1 ${at(11)}`],
      ['activity 2 Flaky'],
      [`timer 3 ${at(33)}`],
      ['activity 4 Flaky'],
      [`timer 5 ${at(5)}`],
      ['end 6 Failed'],
    ])
  })

  it('a success after a failure creates no extra timer', async () => {
    const turns = await decisions(flaky({ maxAttempts: 3, firstDelay: '10s' }), failed(0), fired(1, at(11)), completed(2, 'ok'))
    expect(turns.at(-1)).toStrictEqual(['end 3 Completed'])
  })

  it('one attempt: the extra timer comes all the same', async () => {
    expect(await decisions(flaky({ maxAttempts: 1 }), failed(0), fired(1, at(1)))).toStrictEqual([['activity 0 Flaky'], [`timer 1 ${at(1)}`], ['end 2 Failed']])
  })

  it.each<[string, RetryPolicy]>([
    ['retryIf says no', { maxAttempts: 3, retryIf: () => false }],
    ['retryIf throws', { maxAttempts: 3, retryIf: () => { throw new Error('in the handler') } }],
    ['retryIf returns NaN', { maxAttempts: 3, retryIf: () => Number.NaN as unknown as boolean }],
    ['retryIf returns a promise', { maxAttempts: 3, retryIf: (async () => true) as unknown as () => boolean }],
    ['the total time is over', { maxAttempts: 3, timeout: 500 }],
  ])('no further attempt and no timer when %s: the original error surfaces', async (_, policy) => {
    const instance = flaky(policy)
    await instance.begin()
    const turn = await instance.turn(failed(0))
    expect(shown(turn)).toStrictEqual(['end 1 Failed'])
    expect(failureOf(turn).errorMessage).toBe("Activity 'Flaky' (#0) failed: boom")
  })

  it('two calls with retries at the same time interleave their ids in the order of events', async () => {
    const instance = instanceOf(async (ctx) => Promise.all([ctx.callActivity('A', 1, { retry: { maxAttempts: 2 } }), ctx.callActivity('B', 1, { retry: { maxAttempts: 2 } })]))
    const turns = await decisions(instance, failed(1), failed(0), fired(2, at(2)), completed(4, 'b'), fired(3, at(3)), completed(5, 'a'))
    expect(turns).toStrictEqual([['activity 0 A', 'activity 1 B'], [`timer 2 ${at(2)}`], [`timer 3 ${at(3)}`], ['activity 4 B'], [], ['activity 5 A'], ['end 6 Completed']])
  })
})

describe('what ends retries', () => {
  it('a NonRetryableError of the activity', async () => {
    const instance = flaky({ maxAttempts: 5 })
    await instance.begin()
    expect(shown(await instance.turn(failed(0, 'never', { isNonRetriable: true })))).toStrictEqual(['end 1 Failed'])
  })

  it('an undecodable result: the next attempt would not help, but the policy decides', async () => {
    const instance = flaky({ maxAttempts: 1 })
    await instance.begin()
    expect(shown(await instance.turn({ type: 'TaskCompleted', eventId: -1, timestamp: at(0), taskScheduledId: 0, result: '{' }))).toStrictEqual([`timer 1 ${at(1)}`])
    expect(codeOf(await instance.turn(fired(1, at(1))))).toBe('DTFX_PAYLOAD_UNREADABLE')
  })

  it('retryIf sees the stored failure and the number of the attempt, and may look at both', async () => {
    const seen: unknown[] = []
    const retryIf = ({ errorType, errorMessage }: FailureDetails, attempt: number): boolean => {
      seen.push([errorType, errorMessage, attempt])
      return errorMessage === 'passing'
    }
    const instance = instanceOf(async (ctx) => ctx.callActivity('Flaky', 1, { retry: { maxAttempts: 5, retryIf } }), { modes: ['sticky'] })
    await instance.begin()
    await instance.turn(failed(0, 'passing', { errorType: 'TypeError' }))
    await instance.turn(fired(1, at(2)))
    expect(shown(await instance.turn(failed(2, 'final')))).toStrictEqual(['end 3 Failed'])
    expect(seen).toStrictEqual([['TypeError', 'passing', 1], ['Error', 'final', 2]])
  })

  it('the total time counts from the first call by the time of turns', async () => {
    const instance = flaky({ maxAttempts: 9, firstDelay: '1s', timeout: '4s' })
    expect(await decisions(instance, failed(0), fired(1, at(2)), failed(2), fired(3, at(4)), failed(4))).toStrictEqual([
      ['activity 0 Flaky'], [`timer 1 ${at(2)}`], ['activity 2 Flaky'], [`timer 3 ${at(4)}`], ['activity 4 Flaky'], ['end 5 Failed'],
    ])
  })
})

describe('RetryAfterError', () => {
  it('replaces the delay of the policy, attempts still count', async () => {
    const instance = flaky({ maxAttempts: 2, firstDelay: '1s' })
    const asked = failed(0, 'busy', { properties: { retryAfterMs: 90_000 } })
    expect(await decisions(instance, asked, fired(1, at(91)), failed(2, 'busy', { properties: { retryAfterMs: 90_000 } }))).toStrictEqual([
      ['activity 0 Flaky'], [`timer 1 ${at(91)}`], ['activity 2 Flaky'], [`timer 3 ${at(3)}`],
    ])
  })

  it.each([
    [0, 1],
    [0.2, 1],
    [1e300, 10 * 365 * 86_400_000],
    [-5, 1000],
    [Number.NaN, 1000],
    ['5', 1000],
  ])('asking for %s ms waits %s ms', (asked, expected) => {
    expect(retryDelayMs(checkRetryPolicy({ maxAttempts: 2 }), failure({ properties: { retryAfterMs: asked } }), { attempt: 1, elapsedMs: 0, seed: 's' })).toBe(expected)
  })

  it('of an absurd length does not replace the error of the activity', async () => {
    const instance = flaky({ maxAttempts: 2 })
    await instance.begin()
    expect(shown(await instance.turn(failed(0, 'busy', { properties: { retryAfterMs: 1e300 } })))[0]).toBe(`timer 1 ${at(6 * 86_400 + 1)}`)
  })
})

describe('delays', () => {
  const delay = (policy: Omit<RetryPolicy, 'maxAttempts'>, attempt: number, seed = 's'): number | undefined =>
    retryDelayMs(checkRetryPolicy({ maxAttempts: 99, ...policy }), failure(), { attempt, elapsedMs: 0, seed })

  it.each<[Omit<RetryPolicy, 'maxAttempts'>, number[]]>([
    [{}, [1000, 1000, 1000]],
    [{ firstDelay: '2s', backoff: 2 }, [2000, 4000, 8000]],
    [{ firstDelay: 100, backoff: 1.5 }, [100, 150, 225]],
    [{ firstDelay: '1s', backoff: 10, maxDelay: '5s' }, [1000, 5000, 5000]],
    [{ firstDelay: 0 }, [1, 1, 1]],
    [{ firstDelay: 0.2, backoff: 2 }, [1, 2, 4]],
  ])('%j gives %j', (policy, expected) => {
    expect([1, 2, 3].map((attempt) => delay(policy, attempt))).toStrictEqual(expected)
  })

  it('a back-off without bound stays a valid time', () => {
    expect(delay({ backoff: 1e6 }, 90)).toBe(10 * 365 * 86_400_000)
  })

  it('property: with jitter a delay is between the share and the full delay, whole, never 0, and the same again', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 1, max: 20 }), fc.string(), (firstDelay, jitter, attempt, seed) => {
        const full = delay({ firstDelay, backoff: 1.3 }, attempt) as number
        const drawn = delay({ firstDelay, backoff: 1.3, jitter }, attempt, seed) as number
        expect(Number.isInteger(drawn) && drawn >= 1 && drawn <= full && drawn >= Math.floor(full * (1 - jitter))).toBe(true)
        expect(delay({ firstDelay, backoff: 1.3, jitter }, attempt, seed)).toBe(drawn)
      }),
    )
  })

  it('full jitter on the shortest delay never gives 0', () => {
    for (let attempt = 1; attempt <= 50; attempt++) expect(delay({ firstDelay: 0, jitter: 1 }, attempt)).toBe(1)
  })

  it('jitter differs between attempts and calls', () => {
    const drawn = [1, 2, 3, 4].flatMap((attempt) => ['e/0', 'e/1'].map((seed) => delay({ jitter: 1, firstDelay: '1h' }, attempt, seed)))
    expect(new Set(drawn).size).toBe(8)
  })
})

describe('timeout of a call', () => {
  it('is one timer over all attempts, taken after the first call', async () => {
    const instance = flaky({ maxAttempts: 9, firstDelay: '2s' }, { timeout: 5000 })
    const turns = await decisions(instance, failed(0), fired(2, at(3)), fired(1, at(5)))
    expect(turns).toStrictEqual([['activity 0 Flaky', `timer 1 ${at(5)}`], [`timer 2 ${at(3)}`], ['activity 3 Flaky'], ['end 4 Failed']])
  })

  it('rejects with TaskTimeoutError; a late result and a late failure change nothing and start no attempt', async () => {
    const instance = instanceOf(async (ctx) => {
      const outcome = await ctx.callActivity('Slow', 1, { timeout: '5s', retry: { maxAttempts: 3 } }).catch((error: TaskTimeoutError) => [error.name, error.taskName, error.taskId, error.timeoutMs])
      await ctx.callActivity('Next')
      return outcome
    })
    await instance.begin()
    expect(shown(await instance.turn(fired(1, at(5))))).toStrictEqual(['activity 2 Next'])
    expect(shown(await instance.turn(failed(0)))).toStrictEqual([])
    expect(resultOf(await instance.turn(completed(2)))).toStrictEqual(['TaskTimeoutError', 'Slow', 0, 5000])
  })

  it('a wait between two attempts that outlasts the timeout starts no further attempt', async () => {
    const instance = instanceOf(async (ctx) => {
      await ctx.callActivity('Slow', 1, { timeout: '5s', retry: { maxAttempts: 3, firstDelay: '4s' } }).catch(() => {})
      await ctx.waitForExternalEvent('go')
    })
    await instance.begin()
    await instance.turn(failed(0))
    await instance.turn(fired(1, at(5)))
    expect(shown(await instance.turn(fired(2, at(5))))).toStrictEqual([])
  })

  it('a result in time cancels the timer: its message changes nothing, no task stays open', async () => {
    const instance = instanceOf(async (ctx) => ctx.callActivity('Fast', 1, { timeout: '5s' }), { waitForOpenTasks: true })
    await instance.begin()
    const turn = await instance.turn(completed(0, 'ok'))
    expect(resultOf(turn)).toBe('ok')
    expect(turn.warnings).toStrictEqual([])
  })

  it('the policy timeout of a definition is used unless the call gives its own policy', async () => {
    const declared = declareActivity<number, string>('Declared', { retry: { maxAttempts: 2, firstDelay: '7s' } })
    const own = instanceOf(async (ctx) => ctx.callActivity(declared, 1))
    await own.begin()
    expect(shown(await own.turn(failed(0)))).toStrictEqual([`timer 1 ${at(8)}`])
    const replaced = instanceOf(async (ctx) => ctx.callActivity(declared, 1, { retry: { maxAttempts: 2, firstDelay: '9s' } }))
    await replaced.begin()
    expect(shown(await replaced.turn(failed(0)))).toStrictEqual([`timer 1 ${at(10)}`])
  })

  it.each([
    ['maxAttempts 0', { retry: { maxAttempts: 0 } }, 'DTFX_INVALID_OPTION'],
    ['maxAttempts 1.5', { retry: { maxAttempts: 1.5 } }, 'DTFX_INVALID_OPTION'],
    ['backoff NaN', { retry: { maxAttempts: 1, backoff: Number.NaN } }, 'DTFX_INVALID_OPTION'],
    ['jitter 2', { retry: { maxAttempts: 1, jitter: 2 } }, 'DTFX_INVALID_OPTION'],
    ['firstDelay −1', { retry: { maxAttempts: 1, firstDelay: -1 } }, 'DTFX_INVALID_DURATION'],
    ['timeout NaN', { timeout: Number.NaN }, 'DTFX_INVALID_DURATION'],
  ])('%s is refused before any id is taken', async (_, options, code) => {
    const turn = await instanceOf(async (ctx) => ctx.callActivity('Flaky', 1, options)).begin()
    expect(codeOf(turn)).toBe(code)
    expect(shown(turn)).toStrictEqual(['end 0 Failed'])
  })
})

describe('sub-orchestrations', () => {
  it('retry with a new default instance id each, or with the one given', async () => {
    const ids = async (instanceId?: string): Promise<unknown[]> => {
      const instance = instanceOf(async (ctx: OrchestrationContext) => ctx.callSubOrchestration('Child', 1, { retry: { maxAttempts: 2 }, instanceId }))
      const first = await instance.begin()
      await instance.turn(childFailed(0))
      const second = await instance.turn(fired(1, at(2)))
      return [...first.actions, ...second.actions].map((action) => (action.type === 'CreateSubOrchestration' ? action.instanceId : action.type))
    }
    expect(await ids('mine')).toStrictEqual(['mine', 'mine'])
    const [first, second] = (await ids()) as [string, string]
    expect(first).toMatch(/^e1:0:[0-9a-f]{8}$/)
    expect(second).toMatch(/^e1:2:[0-9a-f]{8}$/)
  })

  it('the last failure surfaces with the child id', async () => {
    const instance = instanceOf(async (ctx) => ctx.callSubOrchestration('Child', 1, { instanceId: 'kid', retry: { maxAttempts: 1 } }))
    await instance.begin()
    await instance.turn(childFailed(0, 'bad'))
    expect(failureOf(await instance.turn(fired(1, at(1)))).errorMessage).toBe("Sub-orchestration 'Child' (#0, kid) failed: bad")
  })
})

it('the error of the activity is the cause, and keeps its own chain of causes', async () => {
  let caught: unknown
  const instance = instanceOf(async (ctx) => ctx.callActivity('Flaky').catch((error: unknown) => void (caught = error)))
  await instance.begin()
  await instance.turn(failed(0, 'outer', { errorType: 'RangeError', innerFailure: failure({ errorType: 'SyntaxError', errorMessage: 'inner' }) }))
  expect(caught).toBeInstanceOf(TaskFailedError)
  const cause = (caught as TaskFailedError).cause as Error
  expect([cause.name, cause.message]).toStrictEqual(['RangeError', 'outer'])
  expect([(cause.cause as Error).name, (cause.cause as Error).message]).toStrictEqual(['SyntaxError', 'inner'])
})
