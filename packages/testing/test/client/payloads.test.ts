/** Codecs between a whole system and its store: nothing is stored in clear, everything is read back, and what cannot be read fails as little as possible and loses nothing. */
import { createHash, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { aes256GcmCodec, defineActivity, defineOrchestration, gzipCodec, jsonConverter, OrchestrationFailedError, type TaskFailedError, withPayloads, type PayloadOptions } from '@dtfx/core'
import { replayHistory } from '@dtfx/testing'
import { createOrchestrationService } from '@dtfx/testing/memory'
import type { HistoryEvent, OrchestrationService } from '@dtfx/core/provider'
import { PayloadWorld } from './payload-world.js'

async function allOf<T>(items: AsyncIterable<T> | Iterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

const k1 = randomBytes(32)
const k2 = randomBytes(32)
const digestKey = randomBytes(32)
const old: PayloadOptions = { codecs: [gzipCodec({ minBytes: 300 }), aes256GcmCodec({ keys: { k1 } })], digestKey }
const both: PayloadOptions = { codecs: [aes256GcmCodec({ keys: { k1, k2 }, activeKey: 'k2' })], digestKey }

const secret = 'SECRET'
const work = defineActivity('Work', (_ctx, text: string) => {
  if (text.startsWith('fail')) throw Object.assign(new Error(`${text} failed`, { cause: new RangeError(`${secret} cause`) }), { code: `${secret} code` })
  return `${text} done ${'x'.repeat(400)}`
})
const child = defineOrchestration('Child', async (_ctx, text: string) => {
  if (text.startsWith('fail')) throw new Error(`${text} failed`)
  return `${text} done`
})
const everything = defineOrchestration('Everything', async (ctx, input: { text: string; round: number }) => {
  ctx.setCustomStatus({ at: `${secret} status` })
  ctx.patched('p1')
  const event = await ctx.waitForExternalEvent<string>('Go')
  const done = await ctx.callActivity(work, `${secret} input`)
  const failed = await ctx.callActivity(work, `fail ${secret}`).catch((error: TaskFailedError) => [error.failure.errorMessage, error.failure.innerFailure?.errorMessage, error.failure.properties?.['code']])
  const sub = await ctx.callSubOrchestration(child, `${secret} child`)
  const subFailed = await ctx.callSubOrchestration(child, `fail ${secret}`).catch((error: Error) => error.message)
  ctx.sendEvent('nobody', 'Note', `${secret} note`)
  if (input.round > 0) return ctx.continueAsNew({ text: `${secret} next`, round: input.round - 1 })
  return { input: input.text, event, done: done.slice(0, 17), failed, sub, subFailed }
})
const orchestrations = [everything, child]

describe('a system with encryption', () => {
  it('stores nothing in clear, and works as without', async () => {
    await using world = new PayloadWorld()
    await world.worker(old, { orchestrations, activities: [work] })
    const client = world.client(old)
    const handle = await client.start(everything, { text: `${secret} start`, round: 1 }, { instanceId: 'i', event: { event: 'Go', payload: `${secret} event 1` } })
    await handle.suspend(`${secret} suspend`)
    await handle.resume(`${secret} resume`)
    await handle.raiseEvent('Go', `${secret} event 2`)
    const result = await handle.result()
    expect(result).toEqual({
      input: `${secret} next`,
      event: `${secret} event 2`,
      done: `${secret} input done`,
      failed: [`fail ${secret} failed`, `${secret} cause`, `${secret} code`],
      sub: `${secret} child done`,
      subFailed: expect.stringContaining(`fail ${secret} failed`) as string,
    })
    const other = await client.start(everything, { text: 'x', round: 0 })
    await other.terminate(`${secret} reason`)
    await expect(other.result()).rejects.toMatchObject({ reason: `${secret} reason` })
    expect(await handle.state()).toMatchObject({ input: { text: `${secret} next`, round: 0 }, output: result, customStatus: { at: `${secret} status` } })
    expect(await replayHistory(everything, await handle.history())).toMatchObject({ status: 'Completed', output: result })
    for await (const state of client.query({ name: everything, status: 'Completed' })) expect(state.output).toEqual(result)
    await expect(client.start(everything, { text: 'x', round: 0 }, { instanceId: 'i' })).rejects.toMatchObject({ code: 'DTFX_INSTANCE_EXISTS' })

    const stored = [JSON.stringify(world.tap.written), JSON.stringify(await world.raw.client.getState('i', { payloads: true }))]
    for await (const chunk of world.raw.history.read('i')) stored.push(JSON.stringify(chunk))
    expect(stored.join('').match(/.{0,60}SECRET.{0,60}/g)).toBeNull()
    expect(stored.join('')).toContain('dtfx:patch:p1')
    expect(stored.join('')).toContain('gzip,aes-256-gcm/k1')
  })

  it('continues instances from memory', async () => {
    await using world = new PayloadWorld()
    await world.worker(old, { orchestrations, activities: [work] })
    const handle = await world.client(old).start(everything, { text: 'a', round: 0 }, { event: { event: 'Go', payload: 1 } })
    await handle.result()
    expect(world.tap.unchanged).toBeGreaterThan(3)
  })

  it('reads what was stored before, in clear', async () => {
    await using world = new PayloadWorld()
    const plain = await world.worker({}, { orchestrations, activities: [work] })
    const handle = await world.client({}).start(everything, { text: 'plain', round: 0 }, { instanceId: 'i' })
    await world.idle()
    await world.stop(plain)
    await world.worker(old, { orchestrations, activities: [work] })
    await world.client({}).raiseEvent('i', 'Go', 'plain event')
    expect(await world.client(old).get(everything, 'i').result()).toMatchObject({ input: 'plain', event: 'plain event' })
    await expect(handle.result()).rejects.toMatchObject({ code: 'DTFX_PAYLOAD_UNREADABLE' })
  })

  it('rotates its key while instances are in flight', async () => {
    await using world = new PayloadWorld()
    const before = await world.worker(old, { orchestrations, activities: [work] })
    await world.client(old).start(everything, { text: 'old', round: 0 }, { instanceId: 'i' })
    await world.idle()
    await world.stop(before)
    await world.worker(both, { orchestrations, activities: [work] })
    await world.client(old).raiseEvent('i', 'Go', 'old event')
    const handle = world.client(both).get(everything, 'i')
    expect(await handle.result()).toMatchObject({ input: 'old', event: 'old event' })
    expect((await world.raw.client.getState('i', { payloads: true }))?.output).toContain('aes-256-gcm/k2')
  })

  it('tells the limit that is left of the store’s', () => {
    const raw = createOrchestrationService({})
    const small: OrchestrationService = Object.create(raw, { capabilities: { value: { ...raw.capabilities, maxPayloadBytes: 1000 } } })
    expect(withPayloads(small, old).capabilities.maxPayloadBytes).toBe(366)
  })
})

describe('ids', () => {
  const child = defineOrchestration('Child', async (_ctx, text: string) => text)
  const parent = defineOrchestration('Parent', async (ctx, text: string): Promise<readonly string[]> => [ctx.instanceId, ctx.executionId, await ctx.callSubOrchestration(child, text)])

  async function childOf(payloads: PayloadOptions): Promise<{ readonly executionId: string; readonly guess: string }> {
    await using world = new PayloadWorld()
    await world.worker(payloads, { orchestrations: [parent, child] })
    const [instanceId, executionId] = (await (await world.client(payloads).start(parent, secret)).result()) as readonly string[]
    const states = await allOf(world.client(payloads).query({ name: 'Child' }))
    const fields = [instanceId, executionId, '0', 'Child', JSON.stringify(secret)].map((field) => `${field?.length}:${field}`).join('')
    return { executionId: states[0]?.executionId as string, guess: createHash('sha256').update(fields).digest('hex').slice(0, 32) }
  }

  it('cannot be guessed from payloads that are encrypted', async () => {
    const open = await childOf({})
    expect(open.executionId).toBe(open.guess)
    const closed = await childOf(old)
    expect(closed.executionId).not.toBe(closed.guess)
  })

  it.each([
    ['none', undefined, 'digestKey is missing'],
    ['a short one', randomBytes(31), 'digestKey has 31 bytes; give 32'],
    ['no key', 7, 'digestKey is neither bytes nor Base64'],
  ])('%s is refused where a codec encrypts', (_what, key, problem) => {
    expect(() => withPayloads(createOrchestrationService({}), { ...old, digestKey: key as Uint8Array | undefined })).toThrow(problem)
  })
})

describe('without codecs', () => {
  it('a service is left as it is', () => {
    const raw = createOrchestrationService({})
    expect(withPayloads(raw, {})).toBe(raw)
    const converter = { ...jsonConverter }
    const converted = withPayloads(raw, { converter })
    expect(converted.converter).toBe(converter)
    expect(converted.client).toBe(raw.client)
    expect(converted.query).toBe(raw.query)
  })

  it('a converter is used by worker and client', async () => {
    const dates: PayloadOptions = {
      converter: {
        encode: (value) => (value === undefined ? undefined : JSON.stringify(value, function (this: Record<string, unknown>, key, each: unknown) { return this[key] instanceof Date ? { $date: each } : each })),
        decode: (payload) => (payload === undefined ? undefined : (JSON.parse(payload, (_key, each: unknown) => (typeof (each as { $date?: unknown } | null)?.$date === 'string' ? new Date((each as { $date: string }).$date) : each)) as unknown)),
      },
    }
    await using world = new PayloadWorld()
    const nextDay = defineActivity('NextDay', (_ctx, day: Date) => new Date(day.getTime() + 86_400_000))
    const days = defineOrchestration<Date, string>('Days', async (ctx, day) => ctx.callActivity(nextDay, day as unknown as Date))
    for (const payloads of [dates, { ...dates, ...old }]) {
      const worker = await world.worker(payloads, { orchestrations: [days], activities: [nextDay] })
      const handle = await world.client(payloads).start(days, new Date('2030-01-01'))
      expect(await handle.result()).toEqual(new Date('2030-01-02'))
      await world.stop(worker)
    }
  })
})

describe('a key that is missing here', () => {
  const waiting = defineOrchestration('Waiting', async (ctx, input: string) => `${input} ${await ctx.waitForExternalEvent<string>('Go')}`)

  it('lets messages wait, in order, for a worker that has it', async () => {
    await using world = new PayloadWorld()
    const lacking = await world.worker(old, { orchestrations: [waiting] })
    await world.client(old).start(waiting, 'a', { instanceId: 'i' })
    await world.client(both).start(waiting, 'b', { instanceId: 'j' })
    await world.client(both).raiseEvent('i', 'Go', 'new')
    await world.client(old).raiseEvent('i', 'Go', 'second')
    await world.advance(120_000)
    expect((await world.client(both).state('j'))?.status).toBe('Pending')
    expect((await world.client(both).state('i'))?.status).toBe('Running')
    expect(world.logs.filter((line) => line.startsWith('warn work deferred')).length).toBeLessThan(30)
    await world.stop(lacking)
    await world.worker(both, { orchestrations: [waiting] })
    await world.advance(120_000)
    expect(await world.client(both).result('i')).toBe('a new')
    await world.client(both).raiseEvent('j', 'Go', 'go')
    expect(await world.client(both).result('j')).toBe('b go')
    expect(world.logs.filter((line) => line.startsWith('error'))).toEqual([])
  })

  it('does not keep an instance from being terminated, with a reason that others can read', async () => {
    await using world = new PayloadWorld()
    await world.worker(old, { orchestrations: [waiting] })
    await world.client(old).start(waiting, 'a', { instanceId: 'i' })
    await world.client(both).terminate('i', 'for reasons')
    await world.idle()
    await expect(world.client(both).result('i')).rejects.toMatchObject({ reason: 'for reasons' })
    await expect(world.client(old).result('i')).rejects.toMatchObject({ code: 'DTFX_ORCHESTRATION_TERMINATED' })
  })

  it('in the end fails a start, which a rewind with the key repairs', async () => {
    await using world = new PayloadWorld()
    const lacking = await world.worker(old, { orchestrations: [waiting] })
    const handle = await world.client(both).start(waiting, 'b', { instanceId: 'j' })
    await world.advance(700_000)
    const error = await handle.result().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(OrchestrationFailedError)
    expect((error as OrchestrationFailedError).failure.properties?.['code']).toBe('DTFX_PAYLOAD_CODEC')
    expect((await handle.state())?.input).toBe('b')
    await world.stop(lacking)
    await world.worker(both, { orchestrations: [waiting] })
    await handle.rewind('the key is here')
    await handle.raiseEvent('Go', 'go')
    expect(await handle.result()).toBe('b go')
  })

  it('in the end sets other messages aside, which a replay with the key delivers', async () => {
    await using world = new PayloadWorld()
    const lacking = await world.worker(old, { orchestrations: [waiting] })
    await world.client(old).start(waiting, 'a', { instanceId: 'i' })
    await world.client(both).raiseEvent('i', 'Go', 'late')
    await world.advance(700_000)
    const service = world.service(both)
    const aside = await allOf(service.quarantine?.list() ?? [])
    expect(aside).toMatchObject([{ instanceId: 'i', code: 'DTFX_PAYLOAD_CODEC', message: { event: { name: 'Go', input: '"late"' } } }])
    expect(world.counts.get('dtfx.messages.quarantined')).toBe(1)
    expect((await world.client(both).state('i'))?.status).toBe('Running')
    await world.stop(lacking)
    await world.worker(both, { orchestrations: [waiting] })
    await service.quarantine?.replay(aside[0]?.id as string)
    expect(await world.client(both).result('i')).toBe('a late')
  })

  it('lets an instance with a history of it wait for another worker', async () => {
    await using world = new PayloadWorld()
    const having = await world.worker(both, { orchestrations: [waiting] })
    await world.client(both).start(waiting, 'b', { instanceId: 'j' })
    await world.idle()
    await world.stop(having)
    const lacking = await world.worker(old, { orchestrations: [waiting] })
    await world.client(old).raiseEvent('j', 'Go', 'go')
    await world.advance(60_000)
    expect((await world.client(both).state('j'))?.status).toBe('Running')
    await world.stop(lacking)
    await world.worker(both, { orchestrations: [waiting] })
    await world.advance(60_000)
    expect(await world.client(both).result('j')).toBe('b go')
  })

  it('lets activities wait too', async () => {
    await using world = new PayloadWorld()
    const calls = defineOrchestration('Calls', async (ctx) => (await ctx.callActivity(work, 'a')).slice(0, 6))
    await world.worker(both, { orchestrations: [calls], activities: [], concurrency: { activities: 0 } })
    const lacking = await world.worker(old, { activities: [work] })
    await world.client(both).start(calls, undefined, { instanceId: 'i' })
    await world.advance(60_000)
    expect((await world.client(both).state('i'))?.status).toBe('Running')
    await world.stop(lacking)
    await world.worker(both, { activities: [work] })
    await world.advance(60_000)
    expect(await world.client(both).result('i')).toBe('a done')
  })

  it('leaves states readable but for the payloads', async () => {
    await using world = new PayloadWorld()
    await world.worker(both, { orchestrations: [waiting] })
    await world.client(both).start(waiting, 'b', { instanceId: 'j', tags: { a: 'b' }, event: { event: 'Go', payload: 'go' } })
    await world.client(both).result('j')
    const [state] = await allOf(world.client(old).query())
    expect(state).toMatchObject({ instanceId: 'j', status: 'Completed', tags: { a: 'b' } })
    expect(() => state?.output).toThrow(expect.objectContaining({ code: 'DTFX_PAYLOAD_CODEC', details: expect.objectContaining({ key: 'k2' }) }))
    await expect(world.client(old).result('j')).rejects.toMatchObject({ code: 'DTFX_PAYLOAD_CODEC' })
    // An operator without the key can still start it anew.
    const again = await world.client(old).restart('j', { newInstanceId: 'again' })
    await again.raiseEvent('Go', 'once more')
    expect(await world.client(both).result('again')).toBe('b once more')
  })
})

describe('damaged data', () => {
  const damaged = 'dtfx-payload/1;gzip;AAAA'
  const at = { eventId: -1, timestamp: '2030-01-01T00:00:00Z' }
  const waiting = defineOrchestration('Waiting', async (ctx, input: string) => `${input} ${await ctx.waitForExternalEvent<string>('Go')}`)

  it('in a message sets that message aside at once, and the instance goes on', async () => {
    await using world = new PayloadWorld()
    await world.worker(old, { orchestrations: [waiting] })
    const handle = await world.client(old).start(waiting, 'a', { instanceId: 'i' })
    const event: HistoryEvent = { ...at, type: 'EventRaised', name: 'Go', input: damaged }
    await world.raw.client.send([{ id: 'm1', target: { kind: 'instance', instanceId: 'i' }, message: { event, instance: { instanceId: 'i' } } }])
    await handle.raiseEvent('Go', 'good')
    expect(await handle.result()).toBe('a good')
    const aside = await allOf(world.raw.quarantine.list())
    expect(aside).toMatchObject([{ id: 'm1', code: 'DTFX_PAYLOAD_CODEC', message: { event: { input: damaged } } }])
    expect(world.logs.filter((line) => line.startsWith('error message set aside'))).toHaveLength(1)
  })

  it('alone in an item does not stop the worker', async () => {
    await using world = new PayloadWorld()
    await world.worker(old, { orchestrations: [waiting] })
    const handle = await world.client(old).start(waiting, 'a', { instanceId: 'i' })
    await world.idle()
    const event: HistoryEvent = { ...at, type: 'EventRaised', name: 'Go', input: damaged }
    await world.raw.client.send([{ id: 'm1', target: { kind: 'instance', instanceId: 'i' }, message: { event, instance: { instanceId: 'i' } } }])
    await world.idle()
    expect(await allOf(world.raw.quarantine.list())).toHaveLength(1)
    await handle.raiseEvent('Go', 'good')
    expect(await handle.result()).toBe('a good')
  })

  it('in a start fails the instance with the code', async () => {
    await using world = new PayloadWorld()
    await world.worker(old, { orchestrations: [waiting] })
    const event: HistoryEvent = { ...at, type: 'ExecutionStarted', instance: { instanceId: 'i', executionId: 'e' }, name: 'Waiting', input: damaged, messageId: 'm' }
    await world.raw.client.create({ reuse: 'error', start: { id: 'm', target: { kind: 'instance', instanceId: 'i' }, message: { event, instance: { instanceId: 'i', executionId: 'e' } } } })
    await world.idle()
    await expect(world.client(old).result('i')).rejects.toMatchObject({ failure: { properties: { code: 'DTFX_PAYLOAD_CODEC' } } })
    expect((await world.raw.client.getState('i', { payloads: true }))?.input).toBe(damaged)
  })

  it('in the input of an activity fails that attempt; a retry sends it anew', async () => {
    await using world = new PayloadWorld()
    const calls = defineOrchestration('Calls', async (ctx) => (await ctx.callActivity(work, 'a', { retry: { maxAttempts: 2, firstDelay: '1s' } })).slice(0, 6))
    let isFirst = true
    const breaking: PayloadOptions = {
      codecs: [{ id: 'breaking', encode: (bytes) => ({ bytes }), decode: (bytes) => { if (isFirst && Buffer.from(bytes).toString() === '["a"]') { isFirst = false; throw new Error('broken') } return bytes } }],
    }
    await world.worker(breaking, { orchestrations: [calls], activities: [work] })
    const handle = await world.client(breaking).start(calls, undefined, { instanceId: 'i' })
    await world.advance(5_000)
    expect(await handle.result()).toBe('a done')
    const failed = (await handle.history()).events.find((event) => event.type === 'TaskFailed')
    expect(failed).toMatchObject({ failure: { properties: { code: 'DTFX_PAYLOAD_CODEC' } } })
  })

  it('in its own history fails the instance, even where the code would catch it', async () => {
    await using world = new PayloadWorld()
    const catching = defineOrchestration('Catching', async (ctx) => {
      const first = await ctx.callActivity(work, 'a').catch(() => 'caught')
      return `${first.slice(0, 6)} ${await ctx.waitForExternalEvent<string>('Go')}`
    })
    await world.worker(old, { orchestrations: [catching], activities: [work], cache: false })
    const handle = await world.client(old).start(catching, undefined, { instanceId: 'i' })
    await world.idle()
    world.tap.onLoad = (snapshot) => ({ ...snapshot, history: snapshot.history.map((event) => (event.type === 'TaskCompleted' ? { ...event, result: damaged } : event)) })
    await handle.raiseEvent('Go', 'good')
    await world.idle()
    await expect(handle.result()).rejects.toMatchObject({ failure: { properties: { code: 'DTFX_PAYLOAD_CODEC' } } })
    expect(world.logs.some((line) => line.startsWith('error history with unreadable payloads'))).toBe(true)
  })
})
