import { describe, expect, it } from 'vitest'
import { defineEvent, defineOrchestration, type OrchestrationDefinition } from '../../src/authoring/definitions.js'
import type { StandardSchema } from '../../src/authoring/schema.js'
import { TaskHubClient } from '../../src/client/task-hub-client.js'
import { AmbiguousCommitError, PermanentError, TransientError } from '../../src/errors/provider-errors.js'
import type { ExecutionStartedEvent } from '../../src/model/events.js'
import { completedState, FakeService, runningState } from './fake-service.js'

const flow = defineOrchestration('Flow', async (_ctx, n: number) => n + 1, { version: '1.0' })
const approved = defineEvent<{ by: string }>('Approved')

function startEvent(service: FakeService, index = 0): ExecutionStartedEvent {
  return service.created[index]?.start.message.event as ExecutionStartedEvent
}

function schemaOf<T>(check: (value: unknown) => T | undefined): StandardSchema<T, T> {
  return { '~standard': { version: 1, vendor: 'test', validate: (value) => { const ok = check(value); return ok === undefined ? { issues: [{ message: 'wrong' }] } : { value: ok } } } }
}

describe('start', () => {
  it('makes an ExecutionStarted of everything it is given', async () => {
    const service = new FakeService()
    const client = new TaskHubClient(service)
    const startAt = new Date('2030-02-03T04:05:06.789Z')
    const handle = await client.start(flow, 41, { instanceId: 'i-1', startAt, tags: { region: 'eu' }, event: { event: approved, payload: { by: 'me' } } })
    expect(handle.instanceId).toBe('i-1')
    const [request] = service.created
    const event = startEvent(service)
    expect(event).toEqual({
      type: 'ExecutionStarted',
      eventId: -1,
      timestamp: '2030-01-01T00:00:00.000Z',
      instance: { instanceId: 'i-1', executionId: handle.executionId },
      name: 'Flow',
      version: '1.0',
      input: '41',
      tags: { region: 'eu' },
      parentTraceContext: undefined,
      scheduledStartTime: '2030-02-03T04:05:06.789Z',
      generation: 0,
      messageId: request?.start.id,
    })
    expect(request).toMatchObject({ reuse: 'error', start: { target: { kind: 'instance', instanceId: 'i-1' }, deliverAt: '2030-02-03T04:05:06.789Z', message: { instance: { instanceId: 'i-1', executionId: handle.executionId } } } })
    expect(request?.messages).toMatchObject([{ target: { instanceId: 'i-1' }, message: { instance: { instanceId: 'i-1', executionId: undefined }, event: { type: 'EventRaised', eventId: -1, name: 'Approved', input: '{"by":"me"}' } } }])
    expect(request?.messages?.[0]?.id).not.toBe(request?.start.id)
  })

  it('draws an id for one that is blank', async () => {
    const service = new FakeService()
    const client = new TaskHubClient(service)
    for (const instanceId of [undefined, '', '  ']) expect((await client.start(flow, 1, { instanceId })).instanceId).toMatch(/^[0-9a-f]{32}$/)
    const ids = service.created.map((each) => each.start.message.instance.instanceId)
    expect(new Set(ids).size).toBe(3)
  })

  it('starts by name, without version and input', async () => {
    const service = new FakeService()
    await new TaskHubClient(service).start('Elsewhere')
    expect(startEvent(service)).toMatchObject({ name: 'Elsewhere', version: undefined, input: undefined, scheduledStartTime: undefined })
    expect(service.created[0]?.start.deliverAt).toBeUndefined()
  })

  it('takes another version, and a delay from now', async () => {
    const service = new FakeService()
    await new TaskHubClient(service).start(flow, 1, { version: '2.0', startAt: '5m' })
    expect(startEvent(service)).toMatchObject({ version: '2.0', scheduledStartTime: '2030-01-01T00:05:00.000Z' })
  })

  it.each([
    [0, '0'],
    ['', '""'],
    [false, 'false'],
    [null, 'null'],
    [undefined, undefined],
  ])('stores the input %s as %s', async (input, stored) => {
    const service = new FakeService()
    await new TaskHubClient(service).start('Flow', input)
    expect(startEvent(service).input).toBe(stored)
  })

  it('stores the output of the schema', async () => {
    const trimmed = defineOrchestration('T', async (_ctx, name) => name, { input: schemaOf((value) => (typeof value === 'string' ? value.trim() : undefined)) })
    const service = new FakeService()
    await new TaskHubClient(service).start(trimmed, ' x ')
    expect(startEvent(service).input).toBe('"x"')
  })

  it('traces itself and passes the context on', async () => {
    const names: string[] = []
    const context = { traceParent: '00-1-2-01' }
    const tracer = { start: ({ name }: { name: string }) => (names.push(name), { context, setAttribute: () => {}, end: () => {}, run: <T>(fn: () => T) => fn() }) }
    const service = new FakeService({ tracer })
    const client = new TaskHubClient(service)
    await client.start(flow, 1)
    await client.raiseEvent('a', approved, { by: 'me' })
    expect(names).toEqual(['create_orchestration:Flow@(1.0)', 'orchestration_event:Approved'])
    expect(startEvent(service).parentTraceContext).toBe(context)
  })

  const huge = 'x'.repeat(2000)
  const strict = defineOrchestration('Strict', async (_ctx, n) => n, { input: schemaOf((value) => (typeof value === 'number' ? value : undefined)) })
  const async = defineOrchestration('Async', async () => {}, { input: { '~standard': { version: 1, vendor: 'test', validate: () => Promise.resolve({ value: 1 }) } } as unknown as StandardSchema<number, number> })
  it.each<[string, string, OrchestrationDefinition<never, unknown> | string, unknown, object]>([
    ['an id that is too long', 'DTFX_INVALID_INSTANCE_ID', flow, 1, { instanceId: 'x'.repeat(257) }],
    ['an id with a control character', 'DTFX_INVALID_INSTANCE_ID', flow, 1, { instanceId: 'a\nb' }],
    ['an id reserved for entities', 'DTFX_INVALID_INSTANCE_ID', flow, 1, { instanceId: '@counter@a' }],
    ['an id that is no text', 'DTFX_INVALID_INSTANCE_ID', flow, 1, { instanceId: 7 }],
    ['a blank name', 'DTFX_INVALID_NAME', ' ', 1, {}],
    ['an unknown policy', 'DTFX_INVALID_OPTION', flow, 1, { reuse: 'overwrite' }],
    ['an invalid Date', 'DTFX_INVALID_TIME', flow, 1, { startAt: new Date(Number.NaN) }],
    ['an invalid delay', 'DTFX_INVALID_DURATION', flow, 1, { startAt: 'soon' }],
    ['tags that are no text', 'DTFX_INVALID_TAGS', flow, 1, { tags: { a: 1 } }],
    ['too many tags', 'DTFX_INVALID_TAGS', flow, 1, { tags: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`t${i}`, ''])) }],
    ['a version that is no text', 'DTFX_INVALID_OPTION', flow, 1, { version: 2 }],
    ['an input that is no JSON', 'DTFX_NOT_SERIALIZABLE', flow, 1n, {}],
    ['an input beyond the limit of the store', 'DTFX_PAYLOAD_TOO_LARGE', flow, huge, {}],
    ['an input that the schema refuses', 'DTFX_SCHEMA_MISMATCH', strict, 'x', {}],
    ['an asynchronous schema', 'DTFX_SCHEMA_ASYNC', async, 1, {}],
    ['an event without a name', 'DTFX_INVALID_NAME', flow, 1, { event: { event: '' } }],
  ])('refuses %s and stores nothing', async (_, code, orchestration, input, options) => {
    const service = new FakeService()
    await expect(new TaskHubClient(service).start(orchestration as string, input, options)).rejects.toMatchObject({ code })
    expect(service.calls).toEqual([])
  })
})

describe('reuse', () => {
  const live = { outcome: 'exists', state: runningState('i') } as const
  const ended = { outcome: 'exists', state: completedState('i', 1) } as const

  it.each(['error', 'replaceFinished'] as const)("'%s' refuses an existing instance", async (reuse) => {
    const service = new FakeService()
    service.creates.push(live)
    await expect(new TaskHubClient(service).start(flow, 1, { instanceId: 'i', reuse })).rejects.toMatchObject({ code: 'DTFX_INSTANCE_EXISTS', details: { instanceId: 'i', status: 'Running' } })
    expect(service.created[0]?.reuse).toBe(reuse)
  })

  it("'skip' gives a handle of the existing one", async () => {
    const service = new FakeService()
    service.creates.push(ended)
    service.states.set('i', ended.state)
    const handle = await new TaskHubClient(service).start(flow, 1, { instanceId: 'i', reuse: 'skip' })
    expect(handle.executionId).toBeUndefined()
    expect(await handle.result()).toBe(1)
  })

  it("'replace' terminates the live one with its children, waits for its end and starts with the same message", async () => {
    const service = new FakeService()
    service.creates.push({ outcome: 'exists', state: runningState('i', { generation: 1 }) })
    service.states.set('i', runningState('i', { executionId: 'e2', generation: 2 }))
    const starting = new TaskHubClient(service).start(flow, 1, { instanceId: 'i', reuse: 'replace' })
    await service.clock.step()
    expect(service.sent).toMatchObject([{ message: { event: { type: 'ExecutionTerminated', recursive: true, input: 'replaced by a new start' }, instance: { instanceId: 'i' } } }])
    expect(service.sent[0]?.message.instance.executionId).toBeUndefined()
    service.states.set('i', completedState('i', 'old', { executionId: 'e3', status: 'Terminated' }))
    while (await service.clock.step());
    const handle = await starting
    expect(service.created.map((each) => [each.reuse, each.start.id])).toEqual([
      ['replaceFinished', service.created[0]?.start.id],
      ['replaceFinished', service.created[0]?.start.id],
    ])
    expect(handle.executionId).toBe(startEvent(service).instance.executionId)
    // A store that shows the old execution a moment longer does not fool the handle.
    const result = handle.result()
    await service.clock.step()
    service.states.set('i', completedState('i', 'new', { executionId: handle.executionId as string }))
    while (await service.clock.step());
    expect(await result).toBe('new')
  })

  it("'replace' ends the execution it saw, not one that somebody else started meanwhile", async () => {
    const service = new FakeService()
    service.creates.push(live)
    service.states.set('i', live.state)
    const starting = new TaskHubClient(service).start(flow, 1, { instanceId: 'i', reuse: 'replace' })
    await service.clock.step()
    expect(service.sent[0]?.message.instance).toEqual({ instanceId: 'i', executionId: live.state.executionId })
    service.states.set('i', runningState('i', { executionId: 'of somebody else' }))
    while (await service.clock.step());
    await starting
    expect(service.created.length).toBe(2)
  })

  it("'replace' gives up after its timeout", async () => {
    const service = new FakeService()
    service.creates.push(live)
    service.states.set('i', live.state)
    const starting = new TaskHubClient(service).start(flow, 1, { instanceId: 'i', reuse: 'replace', replaceTimeout: '10s' })
    starting.catch(() => {})
    while (await service.clock.step());
    await expect(starting).rejects.toMatchObject({ code: 'DTFX_WAIT_TIMEOUT', instanceId: 'i', timeoutMs: 10_000 })
  })

  it("'replace' gives up against others that start the same id again and again", async () => {
    const service = new FakeService()
    for (let i = 0; i < 50; i++) service.creates.push(live)
    service.states.set('i', completedState('i', 1))
    await expect(new TaskHubClient(service).start(flow, 1, { instanceId: 'i', reuse: 'replace' })).rejects.toMatchObject({ code: 'DTFX_INSTANCE_EXISTS' })
    expect(service.created.length).toBe(11)
  })
})

describe('calls of the store', () => {
  it('create the hub once, first', async () => {
    const service = new FakeService()
    const client = new TaskHubClient(service)
    await Promise.all([client.start(flow, 1), client.start(flow, 2), client.state('x')])
    expect(service.calls).toEqual(['createHub', 'create', 'create', 'getState+'])
  })

  it('leave the hub alone with autoCreate: false', async () => {
    const service = new FakeService()
    await new TaskHubClient(service, { autoCreate: false }).start(flow, 1)
    expect(service.calls).toEqual(['create'])
  })

  it('try again to create the hub with the next call', async () => {
    const service = new FakeService()
    const client = new TaskHubClient(service)
    service.failures.push(new PermanentError('create hub', 'forbidden'))
    await expect(client.start(flow, 1)).rejects.toMatchObject({ code: 'DTFX_PERMANENT' })
    await client.start(flow, 1)
    expect(service.calls).toEqual(['createHub', 'createHub', 'create'])
  })

  it.each([
    ['a passing failure', () => new TransientError('create', 'throttled')],
    ['an unknown effect', () => new AmbiguousCommitError('create', 'timed out')],
  ])('are repeated with the same message after %s', async (_, failure) => {
    const service = new FakeService()
    service.failures.push(failure(), failure())
    const starting = new TaskHubClient(service, { autoCreate: false }).start(flow, 1)
    while (await service.clock.step());
    await starting
    expect(service.calls).toEqual(['create', 'create', 'create'])
    expect(new Set(service.created.map((each) => each.start.id)).size).toBe(1)
  })

  it('are not repeated for ever, nor after a lasting failure', async () => {
    const service = new FakeService()
    const client = new TaskHubClient(service, { autoCreate: false })
    for (let i = 0; i < 9; i++) service.failures.push(new TransientError('send', 'throttled'))
    const sending = client.raiseEvent('i', 'E')
    sending.catch(() => {})
    while (await service.clock.step());
    await expect(sending).rejects.toMatchObject({ code: 'DTFX_TRANSIENT' })
    expect(service.calls.length).toBe(5)
    service.failures.length = 0
    service.failures.push(new Error('odd'))
    await expect(client.raiseEvent('i', 'E')).rejects.toThrow('odd')
    expect(service.calls.length).toBe(6)
  })
})

describe('startMany', () => {
  it('gives handles in the order of the items', async () => {
    const service = new FakeService()
    const handles = await new TaskHubClient(service).startMany(flow, [{ input: 1, instanceId: 'a' }, { input: 2, instanceId: 'b', tags: { x: 'y' } }, { input: 3, instanceId: 'c' }], { concurrency: 2 })
    expect(handles.map((each) => each.instanceId)).toEqual(['a', 'b', 'c'])
    expect(service.created.map((each) => (each.start.message.event as ExecutionStartedEvent).input)).toEqual(['1', '2', '3'])
  })

  it('ends with the first error', async () => {
    const service = new FakeService()
    service.creates.push({ outcome: 'created' }, { outcome: 'exists', state: runningState('b') })
    const items = Array.from({ length: 20 }, (_, i) => ({ input: i, instanceId: `i${i}` }))
    await expect(new TaskHubClient(service).startMany(flow, items, { concurrency: 1 })).rejects.toMatchObject({ code: 'DTFX_INSTANCE_EXISTS' })
    expect(service.created.length).toBe(2)
  })

  it('refuses a concurrency that is none', async () => {
    await expect(new TaskHubClient(new FakeService()).startMany(flow, [], { concurrency: 0 })).rejects.toMatchObject({ code: 'DTFX_INVALID_OPTION' })
  })
})
