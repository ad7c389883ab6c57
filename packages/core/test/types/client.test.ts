/** Types of the client: everything is inferred from the definitions, and what does not fit does not compile. The bodies are never run. */
import { describe, expectTypeOf, it } from 'vitest'
import {
  declareOrchestration,
  defineEvent,
  defineOrchestration,
  type BulkReport,
  type HistoryFile,
  type InstancePage,
  type OrchestrationHandle,
  type OrchestrationState,
  type StandardSchema,
  type TaskHubClient,
} from '../../src/index.js'

interface Order {
  readonly id: string
  readonly total: number
}

const orderFlow = defineOrchestration('OrderFlow', async (_ctx, order: Order) => ({ ok: true as const, at: new Date(0), id: order.id }))
const noInput = defineOrchestration('NoInput', async () => 5)
const optionalInput = defineOrchestration('OptionalInput', async (_ctx, _input?: { n: number }) => undefined)
const looping = defineOrchestration('Looping', async (ctx, n: number) => (n > 0 ? ctx.continueAsNew(n - 1) : 'done'))
const elsewhere = declareOrchestration<{ when: Date }, { at: Date; n: number }>('Elsewhere')
const coerced = defineOrchestration('Coerced', async (_ctx, input) => input.n, { input: {} as StandardSchema<{ n: string }, { n: number }> })
const approved = defineEvent<{ by: string }>('Approved')
const cancelled = defineEvent('Cancelled')

declare const client: TaskHubClient
/** Compiles `body` and does not run it. */
const typed = (body: () => unknown): void => void body

describe('start', () => {
  it('types the handle by the orchestration', () => {
    typed(async () => {
      expectTypeOf(await client.start(orderFlow, { id: '7', total: 1 })).toEqualTypeOf<OrchestrationHandle<{ ok: true; at: string; id: string }, Order>>()
      expectTypeOf(await (await client.start(orderFlow, { id: '7', total: 1 })).result()).toEqualTypeOf<{ ok: true; at: string; id: string }>()
      expectTypeOf(await (await client.start(noInput)).result()).toEqualTypeOf<number>()
      expectTypeOf(await (await client.start(looping, 3)).result()).toEqualTypeOf<string>()
      expectTypeOf(await (await client.start(elsewhere, { when: new Date() })).result()).toEqualTypeOf<{ at: string; n: number }>()
      expectTypeOf(await (await client.start(coerced, { n: '5' })).result()).toEqualTypeOf<number>()
      expectTypeOf(await (await client.start('Anything', 5)).result()).toEqualTypeOf<unknown>()
      expectTypeOf(await (await client.start<number>('Anything', 5)).result()).toEqualTypeOf<number>()
    })
  })

  it('checks the input', () => {
    typed(() => {
      void client.start(noInput, undefined, { instanceId: 'a' })
      void client.start(optionalInput)
      void client.start(optionalInput, { n: 1 })
      // @ts-expect-error no input
      void client.start(orderFlow)
      // @ts-expect-error wrong input
      void client.start(orderFlow, { id: 7 })
      // @ts-expect-error takes no input
      void client.start(noInput, 5)
      // @ts-expect-error the schema's input is text
      void client.start(coerced, { n: 5 })
    })
  })

  it('checks the options', () => {
    typed(() => {
      void client.start(noInput, undefined, { reuse: 'replace', startAt: new Date(), tags: { a: 'b' }, version: '2', replaceTimeout: '5s' })
      void client.start(noInput, undefined, { startAt: '5m' })
      void client.start(noInput, undefined, { event: { event: approved, payload: { by: 'me' } } })
      void client.start(orderFlow, { id: '1', total: 1 }, { event: { event: approved, payload: { by: 'me' } } })
      void client.start(noInput, undefined, { event: { event: cancelled } })
      void client.start(noInput, undefined, { event: { event: 'Anything', payload: 5 } })
      void client.start('Anything', 1, { event: { event: approved, payload: { by: 'me' } } })
      // @ts-expect-error wrong payload
      void client.start(noInput, undefined, { event: { event: approved, payload: { by: 5 } } })
      // @ts-expect-error no such policy
      void client.start(noInput, undefined, { reuse: 'overwrite' })
      // @ts-expect-error tags are text
      void client.start(noInput, undefined, { tags: { a: 1 } })
      // @ts-expect-error no such option
      void client.start(noInput, undefined, { instanceID: 'a' })
    })
  })

  it('of many is typed the same', () => {
    typed(async () => {
      expectTypeOf(await client.startMany(orderFlow, [{ input: { id: '1', total: 1 }, instanceId: 'a' }])).toEqualTypeOf<OrchestrationHandle<{ ok: true; at: string; id: string }, Order>[]>()
      void client.startMany(noInput, [{}, { instanceId: 'b' }], { concurrency: 4 })
      void client.startMany('Anything', [{ input: 5 }])
      // @ts-expect-error no input
      void client.startMany(orderFlow, [{ instanceId: 'a' }])
      // @ts-expect-error wrong input
      void client.startMany(orderFlow, [{ input: { id: 5 } }])
    })
  })
})

describe('handles', () => {
  it('come without I/O', () => {
    typed(() => {
      expectTypeOf(client.get(orderFlow, 'a')).toEqualTypeOf<OrchestrationHandle<{ ok: true; at: string; id: string }, Order>>()
      expectTypeOf(client.get('OrderFlow', 'a')).toEqualTypeOf<OrchestrationHandle>()
      expectTypeOf(client.get<string>('a')).toEqualTypeOf<OrchestrationHandle<string>>()
    })
  })

  it('have typed states', () => {
    typed(async () => {
      const state = await client.get(elsewhere, 'a').state()
      expectTypeOf(state).toEqualTypeOf<OrchestrationState<{ at: Date; n: number }, { when: Date }> | undefined>()
      expectTypeOf(state?.input).toEqualTypeOf<{ when: string } | undefined>()
      expectTypeOf(state?.output).toEqualTypeOf<{ at: string; n: number } | undefined>()
      expectTypeOf(state?.createdAt).toEqualTypeOf<Date | undefined>()
      expectTypeOf(state?.customStatus).toEqualTypeOf<unknown>()
    })
  })

  it('check the payload of events', () => {
    typed(() => {
      const handle = client.get(orderFlow, 'a')
      void handle.raiseEvent(approved, { by: 'me' })
      void handle.raiseEvent(cancelled)
      void handle.raiseEvent('Anything', 5)
      void client.raiseEvent('a', approved, { by: 'me' })
      // @ts-expect-error wrong payload
      void handle.raiseEvent(approved, { by: 5 })
      // @ts-expect-error no payload
      void handle.raiseEvent(approved)
      // @ts-expect-error takes no payload
      void handle.raiseEvent(cancelled, 5)
      // @ts-expect-error wrong payload
      void client.raiseEvent('a', approved, 'me')
    })
  })

  it('restart with their types', () => {
    typed(async () => {
      expectTypeOf(await client.get(noInput, 'a').restart({ newInstanceId: 'b' })).toEqualTypeOf<OrchestrationHandle<number, void>>()
      expectTypeOf(await client.get(noInput, 'a').history()).toEqualTypeOf<HistoryFile>()
      expectTypeOf(await client.get(noInput, 'a').purge({ recursive: true })).toEqualTypeOf<number>()
      expectTypeOf(await client.result<string>('a', { timeout: '1m' })).toEqualTypeOf<string>()
    })
  })
})

describe('queries', () => {
  it('are typed by a definition', () => {
    typed(async () => {
      for await (const state of client.query({ name: elsewhere, status: 'Failed' })) expectTypeOf(state.output).toEqualTypeOf<{ at: string; n: number } | undefined>()
      for await (const state of client.query({ name: 'Elsewhere', status: ['Failed', 'Running'], tag: { a: 'b' }, createdAfter: new Date() })) expectTypeOf(state).toEqualTypeOf<OrchestrationState>()
      for await (const page of client.query({ name: orderFlow }).pages()) expectTypeOf(page).toEqualTypeOf<InstancePage<{ ok: true; at: string; id: string }, Order>>()
      // @ts-expect-error no such condition
      void client.query({ stauts: 'Failed' })
      // @ts-expect-error no such status
      void client.query({ status: 'Broken' })
    })
  })

  it('select for bulk operations', () => {
    typed(async () => {
      expectTypeOf(await client.terminateAll({ name: orderFlow }, { reason: 'x', recursive: true, concurrency: 4 })).toEqualTypeOf<BulkReport>()
      // @ts-expect-error a filter is needed
      void client.purgeAll()
    })
  })
})
