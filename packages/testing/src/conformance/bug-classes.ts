/** Classes of bugs that other frameworks had to fix, one test each. (Those of the engine alone are among the engine's own tests.) */
import assert from 'node:assert/strict'
import { defineActivity, defineEvent, defineOrchestration } from '@dtfx/core'
import type { Suite } from './suite.js'

const pass = defineActivity('Pass', (_ctx, value: unknown) => value)
const ping = defineEvent<number>('Ping')

export function bugClassSuite(suite: Suite): void {
  suite.group('bug classes', () => {
    suite.test('bug-class: falsy results dropped', async (hub) => {
      const falsy = defineOrchestration('Falsy', async (ctx) => Promise.all([0, '', false, null].map((value) => ctx.callActivity(pass, value))))
      await hub.startWorker({ orchestrations: [falsy], activities: [pass] })
      assert.deepEqual(await (await hub.client.start(falsy)).result({ timeout: '10s' }), [0, '', false, null])
    })
    suite.test('bug-class: whenAll([]) never completes', async (hub) => {
      const empty = defineOrchestration('Empty', async (ctx) => [await Promise.all([]), await ctx.map([], async () => 1)])
      await hub.startWorker({ orchestrations: [empty] })
      assert.deepEqual(await (await hub.client.start(empty)).result({ timeout: '10s' }), [[], []])
    })
    suite.test('bug-class: task id 0 treated as missing', async (hub) => {
      const first = defineOrchestration('First', async (ctx) => {
        const task = ctx.callActivity(pass, 'zero')
        return [task.id, await task]
      })
      await hub.startWorker({ orchestrations: [first], activities: [pass] })
      assert.deepEqual(await (await hub.client.start(first)).result({ timeout: '10s' }), [0, 'zero'])
    })
    suite.test('bug-class: children already complete at whenAll construction', async (hub) => {
      const early = defineOrchestration('Early', async (ctx) => {
        const one = ctx.callActivity(pass, 1)
        const two = ctx.callActivity(pass, 2)
        await ctx.createTimer(30)
        return Promise.all([one, two])
      })
      await hub.startWorker({ orchestrations: [early], activities: [pass] })
      assert.deepEqual(await (await hub.client.start(early)).result({ timeout: '10s' }), [1, 2])
    })
    suite.test('bug-class: fail-fast whenAll deadlock', async (hub) => {
      const fails = defineActivity('Fails', () => Promise.reject(new Error('first')))
      const both = defineOrchestration('Both', async (ctx) => {
        const caught = await Promise.all([ctx.callActivity(fails), ctx.createTimer('1h')]).catch(() => 'caught')
        return [caught, await ctx.callActivity(pass, 'after')]
      })
      await hub.startWorker({ orchestrations: [both], activities: [fails, pass] })
      assert.deepEqual(await (await hub.client.start(both)).result({ timeout: '10s' }), ['caught', 'after'])
    })
    suite.test('bug-class: continue-as-new dropping fire-and-forget actions and reordering events', async (hub) => {
      const seen: unknown[] = []
      const note = defineActivity('Note', (_ctx, value: unknown) => void seen.push(value))
      const collects = defineOrchestration('Collects', async (ctx, all: number[]) => {
        const n = await ctx.waitForExternalEvent(ping)
        void ctx.callActivity(note, n)
        return all.length === 4 ? [...all, n] : ctx.continueAsNew([...all, n])
      })
      const handle = await hub.client.start(collects, [])
      for (const n of [1, 2, 3, 4, 5]) await handle.raiseEvent(ping, n)
      await hub.startWorker({ orchestrations: [collects], activities: [note] })
      assert.deepEqual(await handle.result({ timeout: '20s' }), [1, 2, 3, 4, 5])
      await hub.eventually('every activity ran', () => seen.length === 5)
      assert.deepEqual([...seen].sort(), [1, 2, 3, 4, 5])
    })
    if (suite.capabilities.purge) {
      suite.test('bug-class: stale timers after continue-as-new or purge', async (hub) => {
        const sleepy = defineOrchestration('Sleepy', async (ctx, n: number) => {
          const stale = ctx.createTimer(60)
          void stale.catch(() => {})
          if (n === 0) return ctx.continueAsNew(1)
          const winner = await Promise.race([ctx.createTimer('1h').then(() => 'long'), ctx.waitForExternalEvent(ping).then(() => 'event'), stale.then(() => 'own')])
          return winner
        })
        await hub.startWorker({ orchestrations: [sleepy] })
        const handle = await hub.client.start(sleepy, 0)
        assert.equal(await handle.result({ timeout: '10s' }), 'own')
        await handle.purge()
        const waits = defineOrchestration('Waits', async (ctx) => ctx.waitForExternalEvent(ping))
        await hub.startWorker({ orchestrations: [waits] }, { concurrency: { orchestrations: 1, activities: 1 } })
        assert.equal(await hub.client.state(handle.instanceId), undefined)
      })
    }
    suite.test('bug-class: custom status that cannot be serialised', async (hub) => {
      const sets = defineOrchestration('Sets', async (ctx) => {
        try {
          ctx.setCustomStatus({ n: 1n })
        } catch (error) {
          return (error as { code: string }).code
        }
        return 'accepted'
      })
      await hub.startWorker({ orchestrations: [sets] })
      assert.equal(await (await hub.client.start(sets)).result({ timeout: '10s' }), 'DTFX_NOT_SERIALIZABLE')
    })
    suite.test('bug-class: suspend/resume buffer infinite loop', async (hub) => {
      const waits = defineOrchestration('Waits', async (ctx) => [await ctx.waitForExternalEvent(ping), await ctx.waitForExternalEvent(ping)])
      const handle = await hub.client.start(waits)
      await handle.suspend()
      await handle.raiseEvent(ping, 1)
      await handle.suspend()
      await handle.resume()
      await handle.raiseEvent(ping, 2)
      await handle.resume()
      await hub.startWorker({ orchestrations: [waits] })
      assert.deepEqual(await handle.result({ timeout: '10s' }), [1, 2])
    })
    suite.test('bug-class: duplicate completion actions', async (hub) => {
      const ends = defineOrchestration('Ends', async (ctx) => {
        const late = ctx.callActivity(pass, 'late')
        void late.catch(() => {})
        await ctx.callActivity(pass, 'early')
        return 'once'
      })
      await hub.startWorker({ orchestrations: [ends], activities: [pass] })
      const handle = await hub.client.start(ends)
      assert.equal(await handle.result({ timeout: '10s' }), 'once')
      if (suite.capabilities.historyAfterCompletion) assert.equal((await hub.eventTypes(handle.instanceId)).filter((type) => type === 'ExecutionCompleted').length, 1)
    })
    suite.test('bug-class: error cause chain lost', async (hub) => {
      const deep = defineActivity('Deep', () => Promise.reject(new Error('a', { cause: new Error('b', { cause: new Error('c') }) })))
      const child = defineOrchestration('DeepChild', async (ctx) => ctx.callActivity(deep))
      const parent = defineOrchestration('DeepParent', async (ctx) => {
        try {
          return await ctx.callSubOrchestration(child)
        } catch (error) {
          const messages: string[] = []
          for (let each: unknown = error; each instanceof Error; each = each.cause) messages.push(each.message)
          return messages
        }
      })
      await hub.startWorker({ orchestrations: [parent, child], activities: [deep] })
      const messages = (await (await hub.client.start(parent)).result({ timeout: '10s' })) as string[]
      assert.deepEqual(messages.slice(-3), ['a', 'b', 'c'])
    })
    suite.test('bug-class: null vs undefined divergence between live and replay', async (hub) => {
      const looks = defineOrchestration('Looks', async (ctx) => {
        const values = [await ctx.callActivity(pass, null), await ctx.callActivity(pass, undefined)]
        await ctx.createTimer(20)
        return values.map((value) => (value === undefined ? 'undefined' : value === null ? 'null' : 'other'))
      })
      const worker = await hub.startWorker({ orchestrations: [looks], activities: [pass] })
      const handle = await hub.client.start(looks)
      worker.forgetAll()
      assert.deepEqual(await handle.result({ timeout: '10s' }), ['null', 'undefined'])
    })
  })
}
