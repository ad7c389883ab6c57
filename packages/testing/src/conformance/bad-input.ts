/** Bad input ends in a coded error on the instance, and the worker goes on. */
import assert from 'node:assert/strict'
import { defineActivity, defineOrchestration, OrchestrationFailedError, type AnyActivity, type AnyOrchestration, type TaskFailedError } from '@dtfx/core'
import type { ConformanceHub } from './conformance-hub.js'
import type { Suite } from './suite.js'

const echo = defineOrchestration('Echo', async (_ctx, n: number) => n)

async function assertFailsWith(hub: ConformanceHub, code: string, definitions: { orchestrations: AnyOrchestration[]; activities?: AnyActivity[] }, start: () => Promise<{ result(options: { timeout: '20s' }): Promise<unknown> }>): Promise<void> {
  await hub.startWorker({ ...definitions, orchestrations: [...definitions.orchestrations, echo] })
  await assert.rejects((await start()).result({ timeout: '20s' }), (error) => {
    assert.ok(error instanceof OrchestrationFailedError, String(error))
    assert.equal(error.failure.properties?.['code'], code, error.failure.errorMessage)
    return true
  })
  assert.equal(await (await hub.client.start(echo, 1)).result({ timeout: '10s' }), 1, 'the worker goes on')
}

export function badInputSuite(suite: Suite): void {
  suite.group('bad input', () => {
    suite.test('an unknown orchestration', (hub) => assertFailsWith(hub, 'DTFX_UNKNOWN_ORCHESTRATION', { orchestrations: [] }, () => hub.client.start('Nobody')))
    suite.test('an unknown activity fails the call', async (hub) => {
      const calls = defineOrchestration('Calls', async (ctx) => ctx.callActivity('Nobody').catch((error: TaskFailedError) => error.failure.properties?.['code']))
      await hub.startWorker({ orchestrations: [calls] })
      assert.equal(await (await hub.client.start(calls)).result({ timeout: '10s' }), 'DTFX_UNKNOWN_ACTIVITY')
    })
    suite.test('input that is no JSON', async (hub) => {
      await hub.startWorker({ orchestrations: [echo] })
      const instance = { instanceId: 'bad', executionId: 'bad-1' }
      await hub.service.client.create({
        reuse: 'error',
        start: { id: 'bad-start', target: { kind: 'instance', instanceId: 'bad' }, message: { instance, event: { type: 'ExecutionStarted', eventId: -1, timestamp: '2030-01-01T00:00:00Z', instance, name: 'Echo', input: '{not json' } } },
      })
      await assert.rejects(hub.client.result('bad', { timeout: '10s' }), (error) => error instanceof OrchestrationFailedError && error.failure.properties?.['code'] === 'DTFX_PAYLOAD_UNREADABLE')
    })
    suite.test('a result that cannot be serialised, of an activity and of an orchestration', async (hub) => {
      const map = defineActivity('MakesMap', () => ({ inside: [new Map()] }) as unknown)
      const catches = defineOrchestration('Catches', async (ctx) => ctx.callActivity(map).catch((error: TaskFailedError) => error.failure.errorMessage))
      const bigint = defineOrchestration('MakesBigInt', async () => ({ n: 1n }) as unknown)
      await assertFailsWith(hub, 'DTFX_NOT_SERIALIZABLE', { orchestrations: [bigint, catches], activities: [map] }, () => hub.client.start(bigint))
      assert.match(String(await (await hub.client.start(catches)).result({ timeout: '10s' })), /\$\.inside\[0\]/)
    })
    for (const [name, thrown, expected] of [
      ['text', () => 'just text', 'just text'],
      ['undefined', () => undefined, 'undefined'],
      ['an object', () => ({ a: 1 }), '{"a":1}'],
      ['an AggregateError', () => new AggregateError([new Error('one'), new Error('two')], 'both'), 'both'],
    ] as const) {
      suite.test(`an activity that throws ${name}`, async (hub) => {
        const throws = defineActivity('Throws', () => {
          throw thrown()
        })
        const catches = defineOrchestration('Catches', async (ctx) => ctx.callActivity(throws).catch((error: TaskFailedError) => [error.failure.errorMessage, error.failure.properties?.['errors'] ?? null]))
        await hub.startWorker({ orchestrations: [catches], activities: [throws] })
        const [message, errors] = (await (await hub.client.start(catches)).result({ timeout: '10s' })) as [string, { errorMessage: string }[] | null]
        assert.equal(message, expected)
        if (name === 'an AggregateError') assert.deepEqual(errors?.map((each) => each.errorMessage), ['one', 'two'])
      })
    }
    suite.test('an activity that throws a message of 1 MB and a chain of 100 causes', async (hub) => {
      const throws = defineActivity('Throws', () => {
        let error = new Error('root')
        for (let i = 0; i < 100; i++) error = new Error(`level ${i}`, { cause: error })
        throw new Error('m'.repeat(1_000_000), { cause: error })
      })
      const catches = defineOrchestration('Catches', async (ctx) => ctx.callActivity(throws).catch((error: TaskFailedError) => error.failure.errorMessage.length))
      await hub.startWorker({ orchestrations: [catches], activities: [throws] })
      const length = (await (await hub.client.start(catches)).result({ timeout: '10s' })) as number
      assert.ok(length > 1_000 && length < 100_000, `${length}`)
    })
    suite.test('an orchestration that never awaits', async (hub) => {
      const direct = defineOrchestration('Direct', async () => 'at once')
      await hub.startWorker({ orchestrations: [direct] })
      assert.equal(await (await hub.client.start(direct)).result({ timeout: '10s' }), 'at once')
    })
    suite.test('an orchestration that continues as new for ever does not starve others, and can be terminated', async (hub) => {
      const forever = defineOrchestration('Forever', async (ctx, n: number) => ctx.continueAsNew(n + 1))
      await hub.startWorker({ orchestrations: [forever, echo] }, { concurrency: { orchestrations: 1, activities: 1 } })
      const endless = await hub.client.start(forever, 0)
      assert.equal(await (await hub.client.start(echo, 5)).result({ timeout: '20s' }), 5)
      await endless.terminate('enough')
      await hub.eventually('it is terminated', async () => (await endless.state())?.status === 'Terminated')
    })
    suite.test('an orchestration that awaits what is not durable', (hub) => {
      const foreign = defineOrchestration('Foreign', async () => {
        await new Promise(() => {})
      })
      return assertFailsWith(hub, 'DTFX_BLOCKED_ON_FOREIGN_PROMISE', { orchestrations: [foreign] }, () => hub.client.start(foreign))
    })
    for (const [name, at] of [['NaN', Number.NaN], ['a negative number', -1], ['text', 'soon' as never]] as const) {
      suite.test(`a timer of ${name}`, (hub) => {
        const sleeps = defineOrchestration('Sleeps', async (ctx) => ctx.createTimer(at))
        return assertFailsWith(hub, 'DTFX_INVALID_DURATION', { orchestrations: [sleeps] }, () => hub.client.start(sleeps))
      })
    }
    suite.test('a timer beyond the year 9999', (hub) => {
      const sleeps = defineOrchestration('Sleeps', async (ctx) => ctx.createTimer('9999999d'))
      return assertFailsWith(hub, 'DTFX_INVALID_TIME', { orchestrations: [sleeps] }, () => hub.client.start(sleeps))
    })
    if (suite.capabilities.quarantine) {
      suite.test('a message that means nothing to an instance is set aside alone', async (hub) => {
        const waits = defineOrchestration('Waits', async (ctx) => ctx.waitForExternalEvent<string>('Go'))
        await hub.startWorker({ orchestrations: [waits] })
        const handle = await hub.client.start(waits)
        await hub.eventually('it runs', async () => (await handle.state())?.status === 'Running')
        const { instanceId } = handle
        const event = { type: 'OrchestratorStarted' as const, eventId: -1, timestamp: '2030-01-01T00:00:00Z' }
        await hub.service.client.send([{ id: 'poison', target: { kind: 'instance', instanceId }, message: { instance: { instanceId }, event } }])
        await hub.eventually('it is set aside', async () => {
          const ids: string[] = []
          for await (const { id } of hub.service.quarantine?.list() ?? []) ids.push(id)
          return ids.includes('poison') || (await handle.state())?.status === 'Failed'
        })
        await handle.raiseEvent('Go', 'on')
        assert.equal(await handle.result({ timeout: '10s' }), 'on')
      })
    }
  })
}
