import { describe, expect, it } from 'vitest'
import { defineEvent } from '../../src/authoring/definitions.js'
import { TaskHubClient } from '../../src/client/task-hub-client.js'
import type { HistoryEvent } from '../../src/model/events.js'
import type { InstanceState } from '../../src/model/instance.js'
import type { InstanceFilter, PageRequest } from '../../src/model/query.js'
import { completedState, FakeService, runningState } from './fake-service.js'

interface Ports {
  query?: { query(filter: InstanceFilter, page: PageRequest): Promise<{ instances: InstanceState[]; continuation?: string }> }
  purge?: { purge(id: string): Promise<'purged' | 'not-found' | 'not-finished'> }
  history?: { read(id: string): AsyncIterable<readonly HistoryEvent[]> }
}

/** A fake with query and purge over its states; pages of two. */
function setUp() {
  const service = new FakeService() as FakeService & Ports
  const queries: { filter: InstanceFilter; page: PageRequest }[] = []
  const purged: string[] = []
  service.query = {
    query: async (filter, page) => {
      queries.push({ filter, page })
      const found = [...service.states.values()].filter((state) => matches(state, filter)).sort((a, b) => (a.instanceId < b.instanceId ? -1 : 1))
      const rest = found.filter((state) => page.continuation === undefined || state.instanceId > page.continuation)
      const instances = rest.slice(0, Math.min(2, page.size))
      return rest.length > instances.length ? { instances, continuation: instances.at(-1)?.instanceId as string } : { instances }
    },
  }
  service.purge = {
    purge: async (id) => {
      const state = service.states.get(id)
      if (state === undefined) return 'not-found'
      if (state.completedAt === undefined) return 'not-finished'
      service.states.delete(id)
      purged.push(id)
      return 'purged'
    },
  }
  const add = (...states: InstanceState[]) => states.forEach((state) => service.states.set(state.instanceId, state))
  return { service, queries, purged, add, client: new TaskHubClient(service, { autoCreate: false }) }
}

function matches(state: InstanceState, filter: InstanceFilter): boolean {
  if (filter.status !== undefined && !filter.status.includes(state.status)) return false
  if (filter.parent !== undefined && (state.parent?.instance.instanceId ?? null) !== filter.parent) return false
  return filter.idPrefix === undefined || state.instanceId.startsWith(filter.idPrefix)
}

const childOf = (parent: string): Partial<InstanceState> => ({ parent: { name: 'P', instance: { instanceId: parent }, taskScheduleId: 0 } })

describe('messages to an instance', () => {
  const approved = defineEvent<{ by: string }>('Approved', { '~standard': { version: 1, vendor: 'test', validate: (value) => (typeof (value as { by?: unknown } | null)?.by === 'string' ? { value: value as { by: string } } : { issues: [{ message: 'no text', path: ['by'] }] }) } })

  it('are sent with an id each, to any execution', async () => {
    const { service, client } = setUp()
    await client.raiseEvent('i', approved, { by: 'me' })
    await client.raiseEvent('i', 'Plain', 0)
    await client.raiseEvent('i', 'Bare')
    await client.terminate('i', 'enough')
    await client.terminate('i')
    await client.suspend('i', 'later')
    await client.resume('i')
    const at = { eventId: -1, timestamp: '2030-01-01T00:00:00.000Z' }
    expect(service.sentEvents).toEqual([
      { ...at, type: 'EventRaised', name: 'Approved', input: '{"by":"me"}', parentTraceContext: undefined },
      { ...at, type: 'EventRaised', name: 'Plain', input: '0', parentTraceContext: undefined },
      { ...at, type: 'EventRaised', name: 'Bare', input: undefined, parentTraceContext: undefined },
      { ...at, type: 'ExecutionTerminated', input: 'enough', recursive: undefined },
      { ...at, type: 'ExecutionTerminated', input: undefined, recursive: undefined },
      { ...at, type: 'ExecutionSuspended', reason: 'later' },
      { ...at, type: 'ExecutionResumed', reason: undefined },
    ])
    expect(new Set(service.sent.map((each) => each.id)).size).toBe(7)
    expect(service.sent.every((each) => each.message.instance.executionId === undefined && each.message.instance.instanceId === 'i')).toBe(true)
    expect(service.calls.every((each) => each === 'send')).toBe(true)
  })

  it('are checked at the producer', async () => {
    const { service, client } = setUp()
    await expect(client.raiseEvent('i', approved, { by: 7 } as never)).rejects.toMatchObject({ code: 'DTFX_SCHEMA_MISMATCH', message: "payload of event 'Approved' does not match its schema: by: no text" })
    await expect(client.raiseEvent('i', '')).rejects.toMatchObject({ code: 'DTFX_INVALID_NAME' })
    await expect(client.raiseEvent('i', 'E', new Map())).rejects.toMatchObject({ code: 'DTFX_NOT_SERIALIZABLE' })
    await expect(client.raiseEvent('', 'E')).rejects.toMatchObject({ code: 'DTFX_INVALID_INSTANCE_ID' })
    await expect(client.terminate('@e', 'x')).rejects.toMatchObject({ code: 'DTFX_INVALID_INSTANCE_ID' })
    await expect(client.suspend('i', 5 as never)).rejects.toMatchObject({ code: 'DTFX_INVALID_OPTION' })
    expect(service.calls).toEqual([])
  })
})

describe('recursive terminate', () => {
  it('of a live instance leaves its children to it', async () => {
    const { service, client, queries, add } = setUp()
    add(runningState('root'), runningState('child', childOf('root')))
    await client.terminate('root', 'x', { recursive: true })
    expect(service.sent.map((each) => [each.message.instance.instanceId, each.message.event])).toMatchObject([['root', { type: 'ExecutionTerminated', recursive: true, input: 'x' }]])
    expect(queries).toEqual([])
  })

  it('of a finished or purged one finds the descendants that are still alive', async () => {
    const { service, client, add } = setUp()
    add(completedState('root', 1), runningState('a', childOf('root')), completedState('b', 1, childOf('root')), runningState('b1', childOf('b')), runningState('other'))
    await client.terminate('root', 'x', { recursive: true })
    expect(service.sent.map((each) => each.message.instance.instanceId)).toEqual(['root', 'a', 'b1'])
    service.states.delete('root')
    await client.terminate('root', 'x', { recursive: true })
    expect(service.sent.length).toBe(6)
  })
})

describe('rewind and restart', () => {
  it('refuse what makes no sense', async () => {
    const { service, client, add } = setUp()
    await expect(client.rewind('i')).rejects.toMatchObject({ code: 'DTFX_NOT_SUPPORTED', message: "Provider 'fake' does not support rewind." })
    ;(service.capabilities as { rewind: boolean }).rewind = true
    await expect(client.rewind('i')).rejects.toMatchObject({ code: 'DTFX_INSTANCE_NOT_FOUND' })
    await expect(client.restart('i')).rejects.toMatchObject({ code: 'DTFX_INSTANCE_NOT_FOUND' })
    add(runningState('i'))
    await expect(client.rewind('i')).rejects.toMatchObject({ code: 'DTFX_REWIND_NOT_FAILED', details: { status: 'Running' } })
    await expect(client.restart('i')).rejects.toMatchObject({ code: 'DTFX_INSTANCE_NOT_FINISHED', details: { status: 'Running', what: 'restart' } })
    expect(service.sent).toEqual([])
    expect(service.created).toEqual([])
  })

  it('restart under another id, also of a live one', async () => {
    const { service, client, add } = setUp()
    add(runningState('i', { input: '5', tags: { a: 'b' }, generation: 3 }))
    const handle = await client.restart('i', { newInstanceId: 'j' })
    expect(handle.instanceId).toBe('j')
    expect(service.created[0]).toMatchObject({ reuse: 'error', start: { message: { event: { input: '5', tags: { a: 'b' }, generation: 0 } } } })
    expect((await client.restart('i', { newInstanceId: '' })).instanceId).toMatch(/^[0-9a-f]{32}$/)
    service.creates.push({ outcome: 'exists', state: runningState('k') })
    await expect(client.restart('i', { newInstanceId: 'k' })).rejects.toMatchObject({ code: 'DTFX_INSTANCE_EXISTS' })
  })
})

describe('purge', () => {
  it('deletes a finished instance', async () => {
    const { client, purged, add } = setUp()
    add(completedState('i', 1), runningState('live'))
    expect(await client.purge('i')).toBe(1)
    expect(await client.purge('i')).toBe(0)
    await expect(client.purge('live')).rejects.toMatchObject({ code: 'DTFX_INSTANCE_NOT_FINISHED', details: { instanceId: 'live', status: 'Running', what: 'purge' } })
    expect(purged).toEqual(['i'])
  })

  it('takes descendants along, children first', async () => {
    const { client, purged, add } = setUp()
    add(completedState('root', 1), ...['a', 'b', 'c'].map((id) => completedState(id, 1, childOf('root'))), completedState('c1', 1, childOf('c')), completedState('other', 1))
    expect(await client.purge('root', { recursive: true })).toBe(5)
    expect(purged).toEqual(['c1', 'c', 'b', 'a', 'root'])
  })

  it('takes none when one of them is alive', async () => {
    const { client, purged, add } = setUp()
    add(completedState('root', 1), completedState('a', 1, childOf('root')), runningState('a1', childOf('a')))
    await expect(client.purge('root', { recursive: true })).rejects.toMatchObject({ code: 'DTFX_INSTANCE_NOT_FINISHED', details: { instanceId: 'a1' } })
    add(runningState('root'))
    await expect(client.purge('root', { recursive: true })).rejects.toMatchObject({ code: 'DTFX_INSTANCE_NOT_FINISHED', details: { instanceId: 'root' } })
    expect(purged).toEqual([])
  })

  it('survives a circle of parents', async () => {
    const { client, add } = setUp()
    add(completedState('a', 1, childOf('b')), completedState('b', 1, childOf('a')))
    expect(await client.purge('a', { recursive: true })).toBe(2)
  })
})

describe('what a provider lacks', () => {
  it('is one coded error', async () => {
    const service = new FakeService()
    const client = new TaskHubClient(service)
    const missing = { code: 'DTFX_NOT_SUPPORTED', details: { provider: 'fake' } }
    await expect(client.purge('i')).rejects.toMatchObject(missing)
    await expect(client.history('i')).rejects.toMatchObject(missing)
    await expect(client.purgeAll({})).rejects.toMatchObject(missing)
    await expect(client.terminateAll({})).rejects.toMatchObject(missing)
    expect(() => client.query()).toThrow("Provider 'fake' does not support queries.")
  })
})

describe('history', () => {
  it('is exported with the name of the orchestration', async () => {
    const { service, client, add } = setUp()
    const at = { eventId: -1, timestamp: '2030-01-01T00:00:00.000Z' }
    const events: HistoryEvent[] = [{ ...at, type: 'OrchestratorStarted' }, { ...at, type: 'ExecutionStarted', instance: { instanceId: 'i' }, name: 'Flow' }, { ...at, type: 'OrchestratorCompleted' }]
    service.history = { async *read () { yield events.slice(0, 1); yield events.slice(1) } }
    expect(await client.history('i')).toEqual({ format: 'dtfx-history', version: 1, instanceId: 'i', name: 'Flow', events })
    service.history = { async *read () {} }
    await expect(client.history('i')).rejects.toMatchObject({ code: 'DTFX_INSTANCE_NOT_FOUND' })
    add(runningState('i', { name: 'Pending one' }))
    expect(await client.history('i')).toMatchObject({ name: 'Pending one', events: [] })
  })
})

describe('query', () => {
  it('reads page by page, as states or as pages', async () => {
    const { client, queries, add } = setUp()
    add(...['a', 'b', 'c', 'd', 'e'].map((id) => completedState(id, id)))
    const query = client.query({ pageSize: 10 })
    expect(queries).toEqual([])
    const ids: string[] = []
    for await (const state of query) ids.push(`${state.instanceId}:${String(state.output)}`)
    expect(ids).toEqual(['a:a', 'b:b', 'c:c', 'd:d', 'e:e'])
    expect(queries.map((each) => each.page)).toEqual([
      { size: 10, continuation: undefined, payloads: true },
      { size: 10, continuation: 'b', payloads: true },
      { size: 10, continuation: 'd', payloads: true },
    ])
    const pages: [number, string | undefined][] = []
    for await (const page of query.pages()) pages.push([page.instances.length, page.continuation])
    expect(pages).toEqual([[2, 'b'], [2, 'd'], [1, undefined]])
    for await (const page of client.query({ continuation: 'd' }).pages()) expect(page.instances.map((each) => each.instanceId)).toEqual(['e'])
  })

  it('translates the filter', async () => {
    const { client, queries } = setUp()
    const [after, before] = [new Date('2030-01-01'), new Date('2030-02-01')]
    const filter = { status: 'Failed', name: { kind: 'orchestration', name: 'Flow' }, version: '1', tags: { a: 'b' }, tag: { c: 'd' }, parent: null, idPrefix: 'x', createdAfter: after, createdBefore: before, completedAfter: after, completedBefore: before } as const
    for await (const _ of client.query({ ...filter, payloads: false, pageSize: 7 }));
    expect(queries).toEqual([
      {
        filter: {
          status: ['Failed'],
          name: 'Flow',
          version: '1',
          tags: { a: 'b', c: 'd' },
          parent: null,
          idPrefix: 'x',
          createdAfter: '2030-01-01T00:00:00.000Z',
          createdBefore: '2030-02-01T00:00:00.000Z',
          completedAfter: '2030-01-01T00:00:00.000Z',
          completedBefore: '2030-02-01T00:00:00.000Z',
        },
        page: { size: 7, continuation: undefined, payloads: false },
      },
    ])
  })

  it.each<[string, object, string]>([
    ['a typo', { stauts: 'Failed' }, "'stauts' is not known. Did you mean 'status'?"],
    ['an unknown status', { status: 'Faild' }, "'status' has 'Faild'. Did you mean 'Failed'?"],
    ['a status that is none', { status: [5] }, "'status' has '5'"],
    ['a time that is text', { createdAfter: '2030-01-01' }, 'createdAfter is not a valid time'],
    ['an invalid time', { completedBefore: new Date(Number.NaN) }, 'completedBefore is not a valid time'],
    ['a tag that is no text', { tags: { a: 1 } }, "'a' is no text"],
    ['a prefix that is no text', { idPrefix: 5 }, "'idPrefix' is no text"],
    ['a page without instances', { pageSize: 0 }, "'pageSize' is 0; give a whole number from 1 to 1000"],
    ['a page that is too large', { pageSize: 1001 }, "'pageSize' is 1001"],
    ['a blank name', { name: '' }, "Orchestration name '' is not valid"],
  ])('refuses %s', (_, filter, message) => {
    expect(() => setUp().client.query(filter)).toThrow(message)
  })
})

describe('bulk operations', () => {
  it('work on the instances they are meant for', async () => {
    const { service, client, add } = setUp()
    ;(service.capabilities as { rewind: boolean }).rewind = true
    add(runningState('r1'), runningState('r2'), runningState('s', { status: 'Suspended' }), runningState('f', { status: 'Failed', completedAt: '2030-01-01T00:00:00.000Z' }), completedState('c', 1), runningState('p', { status: 'Pending' }))
    const sentTo = async (run: () => Promise<unknown>) => {
      service.sent.length = 0
      const report = await run()
      return { report, ids: service.sent.map((each) => each.message.instance.instanceId).sort() }
    }
    const clean = (succeeded: number) => ({ succeeded, failed: 0, errors: [], aborted: false })
    expect(await sentTo(() => client.terminateAll({}, { reason: 'x' }))).toEqual({ report: clean(4), ids: ['p', 'r1', 'r2', 's'] })
    expect(await sentTo(() => client.terminateAll({ status: ['Running', 'Completed'] }))).toEqual({ report: clean(2), ids: ['r1', 'r2'] })
    expect(await sentTo(() => client.terminateAll({ status: 'Completed' }))).toEqual({ report: clean(0), ids: [] })
    expect(await sentTo(() => client.suspendAll({ idPrefix: 'r' }))).toEqual({ report: clean(2), ids: ['r1', 'r2'] })
    expect(await sentTo(() => client.resumeAll({}))).toEqual({ report: clean(1), ids: ['s'] })
    expect(await sentTo(() => client.rewindAll({}))).toEqual({ report: clean(1), ids: ['f'] })
    expect(await client.purgeAll({})).toEqual(clean(2))
    expect([...service.states.keys()].sort()).toEqual(['p', 'r1', 'r2', 's'])
  })

  it('go on after errors and report them', async () => {
    const { service, client, add } = setUp()
    add(...['a', 'b', 'c', 'd'].map((id) => runningState(id)))
    const send = service.client.send.bind(service.client)
    ;(service.client as { send: typeof send }).send = (messages) => (messages[0]?.message.instance.instanceId === 'b' ? Promise.reject(new Error('odd')) : send(messages))
    const report = await client.terminateAll({}, { concurrency: 2 })
    expect(report).toMatchObject({ succeeded: 3, failed: 1, errors: [{ instanceId: 'b', error: { message: 'odd' } }], aborted: false })
  })

  it('stop at the signal', async () => {
    const { service, client, add } = setUp()
    add(...Array.from({ length: 20 }, (_, i) => runningState(`i${i}`)))
    const abort = new AbortController()
    const send = service.client.send.bind(service.client)
    ;(service.client as { send: typeof send }).send = async (messages) => {
      await send(messages)
      if (service.sent.length === 3) abort.abort()
    }
    expect(await client.terminateAll({}, { concurrency: 1, signal: abort.signal })).toEqual({ succeeded: 3, failed: 0, errors: [], aborted: true })
  })

  it('refuse a misspelt filter: it would select everything', async () => {
    const { service, client, add } = setUp()
    add(runningState('a'))
    await expect(client.terminateAll({ stauts: 'Failed' } as object)).rejects.toMatchObject({ code: 'DTFX_INVALID_OPTION' })
    await expect(client.purgeAll({ pageSize: 5 } as object)).rejects.toMatchObject({ code: 'DTFX_INVALID_OPTION' })
    await expect(client.purgeAll(undefined as never)).rejects.toMatchObject({ code: 'DTFX_INVALID_OPTION' })
    expect(service.sent).toEqual([])
  })

  it('have at most so many open at once', async () => {
    const { service, client, add } = setUp()
    add(...Array.from({ length: 30 }, (_, i) => runningState(`i${i}`)))
    let open = 0
    let most = 0
    ;(service.client as { send: unknown }).send = async () => {
      most = Math.max(most, ++open)
      await new Promise((resolve) => setImmediate(resolve))
      open--
    }
    expect((await client.terminateAll({}, { concurrency: 4 })).succeeded).toBe(30)
    expect(most).toBe(4)
  })
})
