/** Activities: the exact history, parallel calls, failures and retries as data, redelivery. */
import assert from 'node:assert/strict'
import { defineActivity, defineOrchestration, NonRetryableError, OrchestrationFailedError, RetryAfterError, TaskFailedError } from '@dtfx/core'
import type { Suite } from './suite.js'

const hello = defineActivity('Hello', (_ctx, name: string) => `Hello ${name}!`)
const one = defineOrchestration('One', async (ctx) => ctx.callActivity(hello, 'Tokyo'))
const square = defineActivity('Square', async (_ctx, n: number) => n * n)
const fan = defineOrchestration('Fan', async (ctx, n: number) => {
  const squares = await Promise.all(Array.from({ length: n }, (_, i) => ctx.callActivity(square, i)))
  return squares.reduce((sum, each) => sum + each, 0)
})

export function activitySuite(suite: Suite): void {
  suite.group('activities', () => {
    if (suite.capabilities.history) {
      suite.test('the history of a run with one activity is exactly this', async (hub) => {
        await hub.startWorker({ orchestrations: [one], activities: [hello] })
        const handle = await hub.client.start(one)
        assert.equal(await handle.result({ timeout: '10s' }), 'Hello Tokyo!')
        assert.deepEqual(await hub.eventTypes(handle.instanceId), [
          'OrchestratorStarted',
          'ExecutionStarted',
          'TaskScheduled',
          'OrchestratorCompleted',
          'OrchestratorStarted',
          'TaskCompleted',
          'ExecutionCompleted',
          'OrchestratorCompleted',
        ])
        const events = await hub.history(handle.instanceId)
        assert.deepEqual(events.map((event) => event.eventId), [-1, -1, 0, -1, -1, -1, 1, -1])
      })
    }
    suite.test('a fan-out of 100 joins with every result in its place', async (hub) => {
      await hub.startWorker({ orchestrations: [fan], activities: [square] })
      assert.equal(await (await hub.client.start(fan, 100)).result({ timeout: '20s' }), 328350)
    })
    suite.test('several workers share the work', async (hub) => {
      for (let i = 0; i < 3; i++) await hub.startWorker({ orchestrations: [fan], activities: [square] }, { concurrency: { orchestrations: 2, activities: 2 } })
      const handles = await Promise.all(Array.from({ length: 10 }, (_, i) => hub.client.start(fan, i * 3)))
      const sums = await Promise.all(handles.map((handle) => handle.result({ timeout: '20s' })))
      assert.deepEqual(sums, Array.from({ length: 10 }, (_, i) => Array.from({ length: i * 3 }, (__, n) => n * n).reduce((a, b) => a + b, 0)))
    })
    suite.test('a failure comes with type, message and causes', async (hub) => {
      const fails = defineActivity('Fails', () => {
        throw new TypeError('outer', { cause: new RangeError('inner', { cause: 'root' }) })
      })
      const catches = defineOrchestration('Catches', async (ctx) => {
        try {
          return await ctx.callActivity(fails)
        } catch (error) {
          const { failure } = error as TaskFailedError
          return [error instanceof TaskFailedError, failure.errorType, failure.errorMessage, failure.innerFailure?.errorType, failure.innerFailure?.innerFailure?.errorMessage]
        }
      })
      await hub.startWorker({ orchestrations: [catches], activities: [fails] })
      assert.deepEqual(await (await hub.client.start(catches)).result({ timeout: '10s' }), [true, 'TypeError', 'outer', 'RangeError', 'root'])
    })
    suite.test('an unhandled failure fails the orchestration', async (hub) => {
      const fails = defineActivity('Fails', () => Promise.reject(new Error('no')))
      const calls = defineOrchestration('Calls', async (ctx) => ctx.callActivity(fails))
      await hub.startWorker({ orchestrations: [calls], activities: [fails] })
      const handle = await hub.client.start(calls)
      await assert.rejects(handle.result({ timeout: '10s' }), (error) => error instanceof OrchestrationFailedError && /no/.test(error.failure.errorMessage))
      assert.equal((await handle.state())?.status, 'Failed')
    })
    suite.test('retries call again until it works, NonRetryableError ends them, RetryAfterError sets the delay', async (hub) => {
      const calls = { flaky: 0, fatal: 0, busy: 0 }
      const flaky = defineActivity('Flaky', () => {
        if (++calls.flaky < 3) throw new Error('not yet')
        return 'worked'
      })
      const fatal = defineActivity('Fatal', () => {
        calls.fatal++
        throw new NonRetryableError('never')
      })
      const busy = defineActivity('Busy', () => {
        if (++calls.busy === 1) throw new RetryAfterError('wait', 10)
        return 'served'
      })
      const policy = { maxAttempts: 5, firstDelay: 20 }
      const all = defineOrchestration('All', async (ctx) => [
        await ctx.callActivity(flaky, undefined, { retry: policy }),
        await ctx.callActivity(fatal, undefined, { retry: policy }).catch((error: Error) => error.message.includes('never')),
        await ctx.callActivity(busy, undefined, { retry: { maxAttempts: 2, firstDelay: '1h' } }),
      ])
      await hub.startWorker({ orchestrations: [all], activities: [flaky, fatal, busy] })
      assert.deepEqual(await (await hub.client.start(all)).result({ timeout: '20s' }), ['worked', true, 'served'])
      assert.deepEqual(calls, { flaky: 3, fatal: 1, busy: 2 })
    })
    suite.test('the idempotency key is the same for a repeated delivery and differs between calls', async (hub) => {
      const keys: string[] = []
      const keep = defineActivity('Keep', (ctx) => void keys.push(ctx.idempotencyKey))
      const twice = defineOrchestration('Twice', async (ctx) => {
        await ctx.callActivity(keep)
        await ctx.callActivity(keep)
      })
      await hub.startWorker({ orchestrations: [twice], activities: [keep] })
      await (await hub.client.start(twice)).result({ timeout: '10s' })
      assert.equal(new Set(keys).size, 2)
    })
    suite.test('an activity sees the tags of its orchestration and its own', async (hub) => {
      const look = defineActivity('Look', (ctx) => [ctx.orchestrationTags['team'], ctx.tags['prio'], ctx.name, ctx.taskId])
      const tagged = defineOrchestration('Tagged', async (ctx) => ctx.callActivity(look, undefined, { tags: { prio: '1' } }))
      await hub.startWorker({ orchestrations: [tagged], activities: [look] })
      assert.deepEqual(await (await hub.client.start(tagged, undefined, { tags: { team: 'blue' } })).result({ timeout: '10s' }), ['blue', '1', 'Look', 0])
    })
    suite.test('an activity that runs longer than its timeout fails with TaskTimeoutError, and its signal aborts', async (hub) => {
      const reasons: unknown[] = []
      const slow = defineActivity('Slow', (ctx) => new Promise<void>((resolve) => ctx.signal.addEventListener('abort', () => (reasons.push((ctx.signal.reason as Error).name), resolve()))), { timeout: 30 })
      const calls = defineOrchestration('Calls', async (ctx) => ctx.callActivity(slow).catch((error: TaskFailedError) => error.failure.errorType))
      await hub.startWorker({ orchestrations: [calls], activities: [slow] })
      assert.equal(await (await hub.client.start(calls)).result({ timeout: '10s' }), 'TaskTimeoutError')
      assert.deepEqual(reasons, ['TaskTimeoutError'])
    })
  })
}
