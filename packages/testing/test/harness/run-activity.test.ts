import { describe, expect, it } from 'vitest'
import { defineActivity, type StandardSchema } from '@dtfx/core'
import { runActivity } from '@dtfx/testing'

const even: StandardSchema<number, number> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => (typeof value === 'number' && value % 2 === 0 ? { value } : { issues: [{ message: 'not even' }] }) },
}

describe('runActivity', () => {
  it('gives the context and passes payloads as text', async () => {
    const seen = defineActivity('Seen', (ctx, input: { when: Date }) => ({ ...input, ctx: [ctx.name, ctx.instanceId, ctx.executionId, ctx.taskId, ctx.idempotencyKey, ctx.deliveryCount, ctx.tags, ctx.signal.aborted] }))
    const result = await runActivity(seen, { when: new Date(0) }, { instanceId: 'i', tags: { a: 'b' }, deliveryCount: 3 })
    expect(result).toEqual({ when: '1970-01-01T00:00:00.000Z', ctx: ['Seen', 'i', 'test-execution', 0, 'test-execution/0', 3, { a: 'b' }, false] })
  })

  it('has a logger that may be used', async () => {
    const logging = defineActivity('Logging', (ctx) => (['debug', 'info', 'warn', 'error'] as const).forEach((level) => ctx.log[level]('line')))
    expect(await runActivity(logging)).toBeUndefined()
  })

  it('validates input and output', async () => {
    const half = defineActivity('Half', (_ctx, input: number) => input / 2, { input: even, output: even })
    await expect(runActivity(half, 3)).rejects.toMatchObject({ code: 'DTFX_SCHEMA_MISMATCH' })
    await expect(runActivity(half, 2)).rejects.toMatchObject({ code: 'DTFX_SCHEMA_MISMATCH' })
    expect(await runActivity(half, 4)).toBe(2)
  })

  it('refuses what cannot be sent', async () => {
    const map = defineActivity('Map', () => new Map())
    await expect(runActivity(map)).rejects.toMatchObject({ code: 'DTFX_NOT_SERIALIZABLE' })
  })
})
