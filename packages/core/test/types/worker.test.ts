/** Types of the worker's options: what is offered, and what does not compile. The worker is never started. */
import { describe, expectTypeOf, it } from 'vitest'
import { watchdogExitCode, type TaskHubWorkerOptions } from '../../src/index.js'

describe('worker options', () => {
  it('bound the cache by number and by bytes, or switch it off', () => {
    expectTypeOf<{ maxInstances: number; maxBytes: number }>().toExtend<TaskHubWorkerOptions['cache']>()
    expectTypeOf<false>().toExtend<TaskHubWorkerOptions['cache']>()
    // @ts-expect-error a number has no unit
    const options: TaskHubWorkerOptions = { cache: 5 }
    void options
  })
  it('pace the watchdog, or switch it off', () => {
    expectTypeOf<{ warnAfterMs: number; maxTurnMs: 'none' }>().toExtend<TaskHubWorkerOptions['watchdog']>()
    expectTypeOf<{ maxTurnMs: number }>().toExtend<TaskHubWorkerOptions['watchdog']>()
    expectTypeOf<false>().toExtend<TaskHubWorkerOptions['watchdog']>()
    expectTypeOf(watchdogExitCode).toExtend<number>()
    // @ts-expect-error without a warning there is no watchdog
    const options: TaskHubWorkerOptions = { watchdog: { warnAfterMs: 'none' } }
    void options
  })
})
