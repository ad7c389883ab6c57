import { describe, expect, it } from 'vitest'
import { declareOrchestration, defineActivity, defineEvent, defineOrchestration } from '@dtfx/core'
import { createTestHub, stub, type TestHub } from '@dtfx/testing'

const charge = defineActivity('Charge', async () => 'r')
const approved = defineEvent<{ by: string }>('Approved')
const child = declareOrchestration('Child')
const flow = defineOrchestration('Flow', async (ctx, what: string) => {
  switch (what) {
    case 'timer':
      return ctx.createTimer('2d')
    case 'event':
      return void (await ctx.waitForExternalEvent(approved))
    case 'event with timeout':
      return void (await ctx.waitForExternalEvent(approved, { timeout: '90m' }))
    case 'activity':
      return void (await ctx.callActivity(charge))
    default:
      return void (await ctx.callSubOrchestration(child, undefined, { instanceId: 'the-child' }))
  }
})
const waiting = defineOrchestration('Child', async (ctx) => void (await ctx.waitForExternalEvent('never')))

function hub(stuckAfterMs = 1): Promise<TestHub> {
  return createTestHub({ orchestrations: [flow, waiting], activities: [stub(charge).delays('1h')], stuckAfterMs })
}

describe('waiting for what will not happen', () => {
  it.each([
    ['timer', "(Flow) is Running and waits for timer #0 due 2030-01-03T00:00:00.000Z (advance the clock by 2d)"],
    ['event', "(Flow) is Running and waits for event 'Approved' (raise it)"],
    ['event with timeout', "waits for event 'Approved' (raise it), timer #0 due 2030-01-01T01:30:00.000Z (advance the clock by 90m)"],
    ['activity', "waits for activity 'Charge' #0"],
    ['child', "waits for sub-orchestration 'Child' #0 (the-child)"],
  ])('is an error that names the %s', async (what, text) => {
    await using test = await hub()
    const handle = await test.client.start(flow, what, { instanceId: 'i' })
    await expect(handle.result()).rejects.toMatchObject({ code: 'DTFX_TEST_STUCK', message: expect.stringContaining(text) as string })
    await expect(handle.result()).rejects.toThrow("Nothing more will happen by itself, and orchestration 'i'")
  })

  it('is no error while the test moves the clock, or before it had time to', async () => {
    await using test = await hub(200)
    const handle = await test.client.start(flow, 'timer')
    const result = handle.result()
    await test.runUntilIdle()
    await test.advance('1d')
    await test.advance('1d')
    expect(await result).toBeUndefined()
  })

  it.each([
    ['suspended', 'is Suspended: resume it', async (test: TestHub) => {
      const handle = await test.client.start(flow, 'event')
      await test.runUntilIdle()
      await handle.suspend()
      return handle.result()
    }],
    ['a start in the future', 'is Pending until its scheduled start at 2030-01-02T00:00:00.000Z: advance the clock', async (test: TestHub) =>
      (await test.client.start(flow, 'event', { startAt: new Date('2030-01-02') })).result()],
    ['no worker', 'is Pending; no worker is running', async (test: TestHub) => {
      await test.worker.stop()
      return (await test.client.start(flow, 'event')).result()
    }],
  ])('names %s', async (_, text, act) => {
    await using test = await hub()
    await expect(act(test)).rejects.toMatchObject({ code: 'DTFX_TEST_STUCK', message: expect.stringContaining(text) as string })
  })

  it('names messages that are deferred', async () => {
    await using test = await createTestHub({ unknownNameGraceMs: 60_000, stuckAfterMs: 1 })
    const handle = await test.client.start('Unknown')
    await expect(handle.result()).rejects.toThrow(/\(Unknown\) is Pending; a message ExecutionStarted is deferred until 2030-01-01T00:00:00\.\d{3}Z \(advance the clock by \d+ms\)/)
  })

  it('names messages in quarantine', async () => {
    await using test = await hub()
    const handle = await test.client.start(flow, 'event', { instanceId: 'i' })
    const event = { type: 'Nonsense', eventId: -1, timestamp: '2030-01-01T00:00:00Z' } as never
    await test.service.client.send([{ id: 'odd', target: { kind: 'instance', instanceId: 'i' }, message: { instance: { instanceId: 'i' }, event } }])
    await expect(handle.result()).rejects.toThrow(/waits for event 'Approved' \(raise it\); message odd is in quarantine: DTFX_/)
  })
})
