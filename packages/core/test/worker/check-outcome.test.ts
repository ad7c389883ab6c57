import { describe, expect, it } from 'vitest'
import { compose, type OrchestrationMiddlewareContext, type OrchestrationOutcome } from '../../src/authoring/middleware.js'
import type { OrchestratorAction } from '../../src/model/actions.js'
import { checkOutcome } from '../../src/worker/check-outcome.js'
import { at, taskScheduled } from '../engine/history-events.js'
import { fold, startEvent, turn } from './inbox.js'

const runtime = fold(...turn(0, startEvent('e1'), taskScheduled(0, 'Open')))
const check = (...actions: readonly unknown[]) => expect(() => checkOutcome({ actions: actions as OrchestratorAction[] }, runtime))
const complete = { type: 'Complete', id: 3, status: 'Completed' }

describe('an outcome of middleware', () => {
  it('may hold any kind of action, in ascending order', () => {
    check({ type: 'PatchMarker', id: -1, patchId: 'p' }, { type: 'ScheduleTask', id: 1, name: 'A' }, { type: 'CreateTimer', id: 2, fireAt: at(1) }, complete).not.toThrow()
    check({ type: 'CreateSubOrchestration', id: 1, name: 'C', instanceId: 'kid', executionId: 'ke' }, { type: 'SendEvent', id: 2, instanceId: 'x', name: 'Go' }).not.toThrow()
    check().not.toThrow()
  })
  it.each<[string, readonly unknown[], RegExp]>([
    ['an action of no kind', [{ type: 'Launch', id: 1 }], /unknown type 'Launch'/],
    ['no action at all', [null], /unknown type/],
    ['an id that is no number', [{ type: 'ScheduleTask', id: '1', name: 'A' }], /whole numbers in ascending order/],
    ['ids out of order', [{ type: 'ScheduleTask', id: 2, name: 'A' }, { type: 'ScheduleTask', id: 1, name: 'B' }], /ascending order/],
    ['an id twice', [{ type: 'ScheduleTask', id: 1, name: 'A' }, { type: 'ScheduleTask', id: 1, name: 'B' }], /ascending order/],
    ['the id of an open task', [{ type: 'ScheduleTask', id: 0, name: 'A' }], /is taken/],
    ['a task without a name', [{ type: 'ScheduleTask', id: 1, name: '' }], /no name/],
    ['a timer without a time', [{ type: 'CreateTimer', id: 1, fireAt: 'soon' }], /no valid fire time/],
    ['a child without an id', [{ type: 'CreateSubOrchestration', id: 1, name: 'C', instanceId: '', executionId: 'ke' }], /no instance id/],
    ['a child without an execution', [{ type: 'CreateSubOrchestration', id: 1, name: 'C', instanceId: 'kid' }], /no execution id/],
    ['an event to nobody', [{ type: 'SendEvent', id: 1, name: 'Go' }], /no target/],
    ['an end in the middle', [complete, { type: 'ScheduleTask', id: 4, name: 'A' }], /not the last/],
    ['an end of no kind', [{ ...complete, status: 'Done' }], /unknown status 'Done'/],
  ])('is refused with %s', (_name, actions, problem) => {
    check(...actions).toThrow(problem)
    check(...actions).toThrow(expect.objectContaining({ code: 'DTFX_INVALID_OUTCOME' }))
  })
  it.each([[undefined], [null], ['text'], [{}], [{ actions: 'none' }]])('is refused when it is %j', (outcome) => {
    expect(() => checkOutcome(outcome as never, runtime)).toThrow(/no list of actions/)
  })
})

describe('compose', () => {
  type Layer = (ctx: OrchestrationMiddlewareContext, next: () => Promise<OrchestrationOutcome>) => Promise<OrchestrationOutcome>
  const ctx = {} as OrchestrationMiddlewareContext
  const inner = async (): Promise<OrchestrationOutcome> => ({ actions: [] })
  it('runs the first one outermost', async () => {
    const order: string[] = []
    const layer = (name: string): Layer => async (_ctx, next) => {
      order.push(`${name} in`)
      const outcome = await next()
      order.push(`${name} out`)
      return outcome
    }
    await compose([layer('a'), layer('b')], inner)(ctx)
    expect(order).toEqual(['a in', 'b in', 'b out', 'a out'])
  })
  it('refuses a second next()', async () => {
    const twice: Layer = async (_ctx, next) => (await next(), next())
    await expect(compose([twice], inner)(ctx)).rejects.toThrow(/called twice/)
  })
  it('may end without next()', async () => {
    let ran = false
    await compose<OrchestrationMiddlewareContext, OrchestrationOutcome>([async () => ({ actions: [] })], async () => ((ran = true), inner()))(ctx)
    expect(ran).toBe(false)
  })
})
