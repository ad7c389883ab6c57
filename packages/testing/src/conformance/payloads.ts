/** Payloads on their way through the store: falsy values, text of every kind, size. */
import assert from 'node:assert/strict'
import { defineActivity, defineEvent, defineOrchestration } from '@dtfx/core'
import type { Suite } from './suite.js'

const pass = defineActivity('Pass', (_ctx, value: unknown) => value)
const datum = defineEvent<unknown>('Datum')
const child = defineOrchestration('PassChild', async (_ctx, value: unknown) => value)
const through = defineOrchestration('Through', async (ctx, value: unknown) => {
  const [activity, sub] = [await ctx.callActivity(pass, value), await ctx.callSubOrchestration(child, value)]
  return { activity, sub, event: await ctx.waitForExternalEvent(datum) }
})

export function payloadSuite(suite: Suite): void {
  const big = 'x'.repeat(Math.min(1_000_000, Math.floor(suite.capabilities.maxPayloadBytes / 4)))
  const values: readonly [string, unknown][] = [
    ['0', 0],
    ["''", ''],
    ['false', false],
    ['null', null],
    ['an empty array', []],
    ['an array of one', [[1]]],
    ['an empty object', {}],
    ['text with control characters and emoji', 'a\u0000\u001f"\\\u2028 ü 日本 😀'],
    ['a nested value', { a: [1, { b: null }], c: 'd' }],
    ['a large string', big],
  ]
  suite.group('payloads', () => {
    for (const [name, value] of values) {
      suite.test(`${name} passes through input, activity, child, event and result`, async (hub) => {
        await hub.startWorker({ orchestrations: [through, child], activities: [pass] })
        const handle = await hub.client.start(through, value, { event: { event: datum, payload: value } })
        assert.deepEqual(await handle.result({ timeout: '20s' }), { activity: value, sub: value, event: value })
        assert.deepEqual((await handle.state())?.input, value)
      })
    }
    suite.test('undefined passes as the absence of a payload', async (hub) => {
      const absent = defineOrchestration('Absent', async (ctx, value: unknown) => [value === undefined, (await ctx.callActivity(pass, undefined)) === undefined])
      const nothing = defineOrchestration('Nothing', async () => undefined)
      await hub.startWorker({ orchestrations: [absent, nothing], activities: [pass] })
      assert.deepEqual(await (await hub.client.start(absent, undefined)).result({ timeout: '10s' }), [true, true])
      assert.equal(await (await hub.client.start(nothing)).result({ timeout: '10s' }), undefined)
    })
  })
}
