/** Names and versions a worker does not have: grace, back-off, and a coded end. */
import { describe, expect, it } from 'vitest'
import { defineActivity, defineOrchestration, TaskHubWorker } from '@dtfx/core'
import { createTestHub, type TestHub } from '@dtfx/testing'
import { tapped } from './tapped-service.js'

const graceMs = 60_000

async function failureOf(hub: TestHub, id: string): Promise<unknown> {
  const state = await hub.client.state(id)
  return { status: state?.status, code: state?.failure?.properties?.['code'], message: state?.failure?.errorMessage }
}

describe('an unknown orchestration', () => {
  it('waits with growing delays for a worker that knows it', async () => {
    const tap = tapped()
    await using hub = await createTestHub({ unknownNameGraceMs: graceMs, wrapService: tap.wrapService })
    await hub.client.start('Later', 1, { instanceId: 'i' })
    await hub.advance('30s')
    expect((await hub.client.state('i'))?.status).toBe('Pending')
    const tries = tap.log.releases.length
    expect(tries).toBeGreaterThan(4)
    expect(tries).toBeLessThan(20)
    await using other = new TaskHubWorker(hub.service, { orchestrations: [defineOrchestration('Later', async (_ctx, n: number) => n + 1)] })
    await other.start()
    await hub.worker.stop()
    await hub.advance('20s')
    expect(await hub.client.result('i')).toBe(2)
    await other.stop()
  })

  it('fails with a code when its grace is over, and tells its parent', async () => {
    const flow = defineOrchestration('Flow', async (ctx) => ctx.callSubOrchestration('Missing', undefined, { instanceId: 'child' }))
    await using hub = await createTestHub({ orchestrations: [flow], unknownNameGraceMs: graceMs })
    await hub.client.start(flow, undefined, { instanceId: 'i' })
    await hub.advance('2m')
    expect(await failureOf(hub, 'child')).toEqual({ status: 'Failed', code: 'DTFX_UNKNOWN_ORCHESTRATION', message: "No orchestration 'Missing' is registered on this worker. Registered: Flow." })
    expect(await failureOf(hub, 'i')).toMatchObject({ status: 'Failed', code: 'DTFX_SUB_ORCHESTRATION_FAILED' })
  })

  it('can be terminated while it waits', async () => {
    await using hub = await createTestHub({ unknownNameGraceMs: 3_600_000 })
    const order = await hub.client.start('Missing', undefined, { instanceId: 'i' })
    await hub.advance('5s')
    await order.terminate('no such thing')
    await hub.advance('1h')
    expect(['Terminated', 'Failed']).toContain((await hub.client.state('i'))?.status)
  })
})

describe('an unknown activity', () => {
  it('waits, and fails with a code; the others complete', async () => {
    const known = defineActivity('Known', async () => 'k')
    const flow = defineOrchestration('Flow', async (ctx) => {
      const both = await Promise.allSettled([ctx.callActivity(known), ctx.callActivity('Missing')])
      return both.map((each) => (each.status === 'fulfilled' ? each.value : (each.reason as { failure: { properties: { code: string } } }).failure.properties.code))
    })
    await using hub = await createTestHub({ orchestrations: [flow], activities: [known], unknownNameGraceMs: graceMs })
    const order = await hub.client.start(flow)
    await hub.advance('30s')
    expect((await order.state())?.status).toBe('Running')
    await hub.advance('1m')
    expect(await order.result()).toEqual(['k', 'DTFX_UNKNOWN_ACTIVITY'])
  })
})

describe('several versions of a name', () => {
  const price = (version: string | undefined, result: string) => defineOrchestration('Price', async (ctx) => `${result}/${ctx.version ?? 'none'}`, version === undefined ? {} : { version })

  it('run side by side: the exact one, else the one without', async () => {
    await using hub = await createTestHub({ orchestrations: [price('1', 'one'), price('2', 'two'), price(undefined, 'plain')] })
    const run = async (version?: string): Promise<unknown> => (await hub.client.start('Price', undefined, version === undefined ? {} : { version })).result()
    expect(await Promise.all([run('1'), run('2'), run('3'), run()])).toEqual(['one/1', 'two/2', 'plain/3', 'plain/none'])
  })

  it('an instance keeps its version after a restart', async () => {
    const waiting = (version: string) => defineOrchestration('W', async (ctx) => `${version} ${await ctx.waitForExternalEvent<string>('Go')}`, { version })
    await using hub = await createTestHub({ orchestrations: [waiting('1'), waiting('2')] })
    const order = await hub.client.start(waiting('1'))
    await hub.runUntilIdle()
    await hub.restartWorker()
    await order.raiseEvent('Go', 'on')
    expect(await order.result()).toBe('1 on')
  })
})

describe('versions of workers', () => {
  const any = defineOrchestration('Any', async (ctx) => ctx.version)
  const start = (hub: TestHub, version: string) => hub.client.start(any, undefined, { version, instanceId: `v${version}` })

  it.each([
    ['strict', '2', { '1': false, '2': true, '10': false }],
    ['currentOrOlder', '2', { '1': true, '2': true, '2.1': false, '10': false }],
    ['none', '2', { '1': true, '10': true }],
  ] as const)('%s at %s', async (versionMatch, version, expected) => {
    await using hub = await createTestHub({ orchestrations: [any], version, versionMatch })
    for (const each of Object.keys(expected)) await start(hub, each)
    await hub.advance('1m')
    for (const [each, isTaken] of Object.entries(expected)) expect([each, (await hub.client.state(`v${each}`))?.status]).toEqual([each, isTaken ? 'Completed' : 'Pending'])
  })

  it('fail: the instance fails with a code, without running', async () => {
    await using hub = await createTestHub({ orchestrations: [any], version: '1', versionMatch: 'strict', onMismatch: 'fail' })
    await start(hub, '2')
    await hub.runUntilIdle()
    expect(await failureOf(hub, 'v2')).toMatchObject({ status: 'Failed', code: 'DTFX_VERSION_MISMATCH' })
  })

  it('reject: another worker takes it, and events sent meanwhile are not lost', async () => {
    const waiting = defineOrchestration('Waiting', async (ctx) => ctx.waitForExternalEvent<string>('Go'))
    await using hub = await createTestHub({ orchestrations: [waiting], version: '1', versionMatch: 'strict' })
    const order = await hub.client.start(waiting, undefined, { version: '2' })
    await order.raiseEvent('Go', 'kept')
    await hub.advance('10s')
    await using newer = new TaskHubWorker(hub.service, { orchestrations: [waiting], version: '2', versionMatch: 'strict' })
    await newer.start()
    await hub.advance('3m')
    expect(await order.result()).toBe('kept')
    await newer.stop()
  })
})
