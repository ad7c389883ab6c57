/** Types of definitions and of `ctx`: callers, parents and clients infer everything. The orchestrations here are never run. */
import { describe, expectTypeOf, it } from 'vitest'
import {
  declareActivity,
  declareOrchestration,
  defineActivity,
  defineEvent,
  defineOrchestration,
  defineProperty,
  fromGenerator,
  type ActivityDefinition,
  type ActivityMiddleware,
  type ContinuedAsNew,
  type DurableEventWait,
  type DurableTask,
  type DurableTimer,
  type OrchestrationContext,
  type OrchestrationDefinition,
  type StandardSchema,
  type Wire,
} from '../../src/index.js'

interface Order {
  readonly id: string
  readonly total: number
}
interface Receipt {
  readonly txn: string
  readonly at: Date
}

const charge = defineActivity('Charge', async (_ctx, order: Order): Promise<Receipt> => ({ txn: order.id, at: new Date(0) }))
const ping = defineActivity('Ping', () => 'pong' as const)
const ship = declareActivity<{ id: string }, { tracking: string }>('Ship')
const approved = defineEvent<{ by: string; at: Date }>('Approved')
const self = declareOrchestration<number, string>('Self')

describe('Wire', () => {
  it('is what JSON leaves', () => {
    expectTypeOf<Wire<Date>>().toEqualTypeOf<string>()
    expectTypeOf<Wire<Receipt>>().toEqualTypeOf<{ readonly txn: string; readonly at: string }>()
    expectTypeOf<Wire<[Date, 5, 'a', null]>>().toEqualTypeOf<[string, 5, 'a', null]>()
    expectTypeOf<Wire<readonly Date[]>>().toEqualTypeOf<readonly string[]>()
    expectTypeOf<Wire<Date | undefined>>().toEqualTypeOf<string | undefined>()
    expectTypeOf<Wire<{ a: 1; run(): void }>>().toEqualTypeOf<{ a: 1 }>()
    expectTypeOf<Wire<unknown>>().toEqualTypeOf<unknown>()
    expectTypeOf<Wire<void>>().toEqualTypeOf<void>()
    expectTypeOf<Wire<Wire<Receipt>>>().toEqualTypeOf<Wire<Receipt>>()
  })
})

describe('definitions', () => {
  it('are typed by their functions', () => {
    expectTypeOf(charge).toEqualTypeOf<ActivityDefinition<Order, { readonly txn: string; readonly at: string }>>()
    expectTypeOf(ping).toEqualTypeOf<ActivityDefinition<void, 'pong'>>()
    const orchestration = defineOrchestration('O', async (_ctx, order: Order) => order.total)
    expectTypeOf(orchestration).toEqualTypeOf<OrchestrationDefinition<Order, number>>()
    expectTypeOf(defineOrchestration('N', async () => {})).toEqualTypeOf<OrchestrationDefinition<void, void>>()
  })

  it('are typed by their schemas: callers by the input, the function by the output', () => {
    const schema = {} as StandardSchema<{ n: string }, { n: number }>
    const activity = defineActivity(
      'S',
      (_ctx, input) => {
        expectTypeOf(input).toEqualTypeOf<{ n: number }>()
        return input.n
      },
      { input: schema },
    )
    expectTypeOf(activity).toEqualTypeOf<ActivityDefinition<{ n: string }, number>>()
  })

  it('leave continue-as-new out of the result', () => {
    const looping = defineOrchestration('L', async (ctx, n: number) => {
      expectTypeOf(ctx.continueAsNew(n)).toEqualTypeOf<ContinuedAsNew>()
      // @ts-expect-error its own input
      if (n < 0) return ctx.continueAsNew('1')
      return n > 0 ? ctx.continueAsNew(n - 1) : { done: true }
    })
    expectTypeOf(looping).toEqualTypeOf<OrchestrationDefinition<number, { done: boolean }>>()
  })

  it('come from generators too', () => {
    const generated = defineOrchestration(
      'G',
      fromGenerator(function* (ctx, input: { a: number }) {
        const pong: string = yield ctx.callActivity(ping)
        return pong.length + input.a
      }),
    )
    expectTypeOf(generated).toEqualTypeOf<OrchestrationDefinition<{ a: number }, number>>()
  })

  it('check what they are given', () => {
    // @ts-expect-error no such option
    const wrong = () => defineActivity('A', () => 1, { retries: 3 })
    // @ts-expect-error no duration
    const text = () => defineActivity('A', () => 1, { timeout: '5 minutes' })
    // @ts-expect-error an orchestration is async
    const plain = () => defineOrchestration('O', () => 1)
    void [wrong, text, plain]
  })
})

describe('ctx', () => {
  it('infers calls', () => {
    defineOrchestration('Calls', async (ctx, order: Order) => {
      expectTypeOf(ctx).toEqualTypeOf<OrchestrationContext<Order>>()
      expectTypeOf(ctx.callActivity(charge, order)).toEqualTypeOf<DurableTask<{ readonly txn: string; readonly at: string }>>()
      expectTypeOf(ctx.callActivity(ping)).toEqualTypeOf<DurableTask<'pong'>>()
      expectTypeOf(ctx.callActivity(ship, { id: '1' }, { retry: { maxAttempts: 3 } })).toEqualTypeOf<DurableTask<{ tracking: string }>>()
      expectTypeOf(ctx.callActivity('Anything', 1)).toEqualTypeOf<DurableTask<unknown>>()
      expectTypeOf(ctx.callActivity<number>('Anything', 1)).toEqualTypeOf<DurableTask<number>>()
      expectTypeOf(ctx.callSubOrchestration(self, 5, { instanceId: 'a' })).toEqualTypeOf<DurableTask<string>>()
      expectTypeOf(ctx.startSubOrchestration(self, 5)).toEqualTypeOf<string>()
      expectTypeOf(ctx.createTimer('5m')).toEqualTypeOf<DurableTimer>()
      expectTypeOf(await Promise.all([ctx.callActivity(ping), ctx.callSubOrchestration(self, 1)])).toEqualTypeOf<['pong', string]>()
      expectTypeOf(await ctx.map([1, 2], (n) => ctx.callSubOrchestration(self, n))).toEqualTypeOf<string[]>()
      // @ts-expect-error wrong input
      void ctx.callActivity(ship, { idd: 'x' })
      // @ts-expect-error no input
      void ctx.callActivity(ship)
      // @ts-expect-error takes no input
      void ctx.callActivity(ping, 5)
      // @ts-expect-error wrong input
      void ctx.callSubOrchestration(self, '5')
    })
  })

  it('infers events', () => {
    defineOrchestration('Events', async (ctx) => {
      expectTypeOf(ctx.waitForExternalEvent(approved)).toEqualTypeOf<DurableEventWait<{ by: string; at: string }>>()
      expectTypeOf(ctx.waitForExternalEvent(approved, { timeout: '2d' })).toEqualTypeOf<DurableEventWait<{ by: string; at: string }>>()
      expectTypeOf(ctx.waitForExternalEvent(approved, { timeout: '2d', onTimeout: 'undefined' })).toEqualTypeOf<DurableEventWait<{ by: string; at: string } | undefined>>()
      expectTypeOf(ctx.waitForExternalEvent('Anything')).toEqualTypeOf<DurableEventWait<unknown>>()
      ctx.sendEvent('a', approved, { by: 'me', at: new Date() })
      // @ts-expect-error wrong payload
      ctx.sendEvent('a', approved, { by: 5 })
    })
  })
})

describe('middleware', () => {
  it('has typed properties and outcomes', () => {
    const user = defineProperty<{ id: string }>('user')
    const middleware: ActivityMiddleware = async (ctx, next) => {
      ctx.properties.set(user, { id: '1' })
      expectTypeOf(ctx.properties.get(user)).toEqualTypeOf<{ id: string } | undefined>()
      const outcome = await next()
      if (outcome.status === 'failed') expectTypeOf(outcome.failure.errorMessage).toEqualTypeOf<string>()
      // @ts-expect-error wrong type
      ctx.properties.set(user, 5)
      return outcome
    }
    void middleware
  })
})
