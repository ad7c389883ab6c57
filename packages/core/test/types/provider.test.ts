/** Types of what providers share. */
import { expectTypeOf, it } from 'vitest'
import { activityAnswer, dueMsFromTicks, pendingState, startMessages, type CreateRequest, type Delivered, type InstanceState, type OutboundMessage, type TaskCompletedEvent, type TaskFailedEvent } from '../../src/provider.js'

it('what a create stores and sends follows from the request', () => {
  expectTypeOf(pendingState).toEqualTypeOf<(start: OutboundMessage) => InstanceState>()
  expectTypeOf(startMessages).returns.toEqualTypeOf<readonly OutboundMessage[]>()
  expectTypeOf<CreateRequest>().toExtend<Parameters<typeof startMessages>[0]>()
})

it('an activity is answered with a completion or a failure, as it was delivered', () => {
  expectTypeOf(activityAnswer).parameter(0).toEqualTypeOf<Pick<Delivered, 'id' | 'message'>>()
  expectTypeOf(activityAnswer).parameter(1).toEqualTypeOf<TaskCompletedEvent | TaskFailedEvent>()
  expectTypeOf(dueMsFromTicks).toEqualTypeOf<(ticks: string) => number>()
})
