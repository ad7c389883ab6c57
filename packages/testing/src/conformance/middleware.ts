/** Middleware: once per turn and attempt, outcome in and out, nothing in the history, and faults that end in a coded failure instead of silence. */
import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { defineActivity, defineOrchestration, OrchestrationFailedError, type TaskFailedError } from '@dtfx/core'
import type { Suite } from './suite.js'

const work = defineActivity('Work', (_ctx, n: number) => n * 10)
const three = defineOrchestration('Three', async (ctx) => {
  const results = await Promise.allSettled([1, 2, 3].map((n) => ctx.callActivity(work, n)))
  return results.map((each) => (each.status === 'fulfilled' ? each.value : ((each.reason as TaskFailedError).failure.properties?.['code'] as string)))
})
const sequence = defineOrchestration('Sequence', async (ctx) => (await ctx.callActivity(work, 1)) + (await ctx.callActivity(work, 2)))

export function middlewareSuite(suite: Suite): void {
  suite.group('middleware', () => {
    suite.test('it runs once per turn and per attempt, the first one outermost, and leaves nothing in the history', async (hub) => {
      const seen: string[] = []
      await hub.startWorker({ orchestrations: [sequence], activities: [work] }, {
        middleware: {
          orchestration: [
            async (_ctx, next) => (seen.push('turn-a'), await next()),
            async (_ctx, next) => (seen.push('turn-b'), await next()),
          ],
          activity: [async (_ctx, next) => (seen.push('activity'), await next())],
        },
      })
      const handle = await hub.client.start(sequence)
      assert.equal(await handle.result({ timeout: '10s' }), 30)
      assert.deepEqual(seen, ['turn-a', 'turn-b', 'activity', 'turn-a', 'turn-b', 'activity', 'turn-a', 'turn-b'])
      if (suite.capabilities.history) assert.equal((await hub.eventTypes(handle.instanceId)).length, 12)
    })
    suite.test('it runs again at every retry', async (hub) => {
      let attempts = 0
      const flaky = defineActivity('Flaky', () => {
        if (attempts < 3) throw new Error('again')
        return attempts
      })
      const retries = defineOrchestration('Retries', async (ctx) => ctx.callActivity(flaky, undefined, { retry: { maxAttempts: 5, firstDelay: 10 } }))
      await hub.startWorker({ orchestrations: [retries], activities: [flaky] }, { middleware: { activity: [async (_ctx, next) => (attempts++, await next())] } })
      assert.equal(await (await hub.client.start(retries)).result({ timeout: '10s' }), 3)
    })
    suite.test('it sees and replaces outcomes', async (hub) => {
      const statuses: string[] = []
      await hub.startWorker({ orchestrations: [sequence], activities: [work] }, {
        middleware: {
          activity: [
            async (_ctx, next) => {
              const outcome = await next()
              statuses.push(outcome.status)
              return outcome.status === 'completed' ? { status: 'completed', result: '100' } : outcome
            },
          ],
        },
      })
      assert.equal(await (await hub.client.start(sequence)).result({ timeout: '10s' }), 200)
      assert.deepEqual(statuses, ['completed', 'completed'])
    })
    suite.test('it can give the outcome of an activity and of an orchestration that nobody registered', async (hub) => {
      const calls = defineOrchestration('Calls', async (ctx) => ctx.callActivity<string>('Nowhere', 1))
      await hub.startWorker({ orchestrations: [calls] }, {
        middleware: {
          activity: [async (ctx, next) => (ctx.definition === undefined ? { status: 'completed', result: JSON.stringify(`made up ${ctx.name}`) } : next())],
          orchestration: [async (ctx, next) => (ctx.definition === undefined ? { actions: [{ type: 'Complete', id: 0, status: 'Completed', result: '"no code"' }], customStatus: '"forced"' } : next())],
        },
      })
      assert.equal(await (await hub.client.start(calls)).result({ timeout: '10s' }), 'made up Nowhere')
      const ghost = await hub.client.start<string>('Ghost')
      assert.equal(await ghost.result({ timeout: '10s' }), 'no code')
      assert.equal((await ghost.state())?.customStatus, 'forced')
    })
    suite.test('what an AsyncLocalStorage holds around next() is visible in the activity', async (hub) => {
      const store = new AsyncLocalStorage<string>()
      const look = defineActivity('Look', async () => {
        await Promise.resolve()
        return store.getStore() ?? 'nothing'
      })
      const calls = defineOrchestration('Calls', async (ctx) => ctx.callActivity(look))
      await hub.startWorker({ orchestrations: [calls], activities: [look] }, { middleware: { activity: [(_ctx, next) => store.run('inside', next)] } })
      assert.equal(await (await hub.client.start(calls)).result({ timeout: '10s' }), 'inside')
    })
    suite.test('when it throws for one of three activities the others complete, and that one fails with a code after maxFaults', async (hub) => {
      let faults = 0
      await hub.startWorker({ orchestrations: [three], activities: [work] }, {
        maxFaults: 2,
        middleware: {
          activity: [
            async (ctx, next) => {
              if (ctx.event.eventId === 1) {
                faults++
                throw new Error('middleware is broken')
              }
              return next()
            },
          ],
        },
      })
      assert.deepEqual(await (await hub.client.start(three)).result({ timeout: '20s' }), [10, 'DTFX_MIDDLEWARE_FAILED', 30])
      assert.equal(faults, 2)
    })
    suite.test('what it takes out of an outcome is decided again at the next turn', async (hub) => {
      let turns = 0
      const both = defineOrchestration('Both', async (ctx) => Promise.all([ctx.callActivity(work, 1), ctx.waitForExternalEvent<string>('Go')]))
      await hub.startWorker({ orchestrations: [both], activities: [work] }, {
        middleware: {
          orchestration: [
            async (_ctx, next) => {
              const outcome = await next()
              return ++turns === 1 ? { ...outcome, actions: [], customStatus: '"held"' } : outcome
            },
          ],
        },
      })
      const handle = await hub.client.start(both)
      await hub.eventually('its first turn is over', async () => (await handle.state())?.customStatus === 'held')
      await handle.raiseEvent('Go', 'gone')
      assert.deepEqual(await handle.result({ timeout: '10s' }), [10, 'gone'])
    })
    suite.test('when it throws once the turn is retried and nothing is lost', async (hub) => {
      let thrown = 0
      await hub.startWorker({ orchestrations: [sequence], activities: [work] }, {
        middleware: {
          orchestration: [
            async (_ctx, next) => {
              const outcome = await next()
              if (thrown++ === 1) throw new Error('after the turn')
              return outcome
            },
          ],
        },
      })
      assert.equal(await (await hub.client.start(sequence)).result({ timeout: '20s' }), 30)
    })
    suite.test('when it throws for ever the instance fails with a code', async (hub) => {
      await hub.startWorker({ orchestrations: [sequence], activities: [work] }, { maxFaults: 2, middleware: { orchestration: [() => Promise.reject(new Error('always'))] } })
      const handle = await hub.client.start(sequence)
      await assert.rejects(handle.result({ timeout: '20s' }), (error) => error instanceof OrchestrationFailedError && error.failure.properties?.['code'] === 'DTFX_MIDDLEWARE_FAILED')
    })
  })
}
