import { describe, expect, it } from 'vitest'
import { defineActivity, defineOrchestration } from '../../src/authoring/definitions.js'
import { tupleId } from '../../src/engine/identity.js'
import { RuntimeState } from '../../src/engine/runtime-state.js'
import { dtfxError } from '../../src/errors/durable-error.js'
import type { OrchestratorAction } from '../../src/model/actions.js'
import type { ActivityWorkItem } from '../../src/provider/work-items.js'
import { ActivitySignal } from '../../src/worker/activity-signal.js'
import { checkOutcome } from '../../src/worker/check-outcome.js'
import { faultPlan, unknownNameError } from '../../src/worker/faults.js'
import { parentNotification } from '../../src/worker/notify-parent.js'
import { refuseStarts } from '../../src/worker/special-turns.js'
import { terminateReplaced } from '../../src/worker/terminate-children.js'
import { TurnDraft } from '../../src/worker/turn-draft.js'
import { UnknownDefinition } from '../../src/worker/unknown-definition.js'
import { compareVersions, versionMatches } from '../../src/worker/versioning.js'
import { checkWorkerOptions } from '../../src/worker/worker-options.js'
import { at, childCreated, raised, started, taskScheduled, turnStart } from '../engine/history-events.js'
import { hostOn, ManualClock, message, parent, prepare, runningState, stateOf } from './worker-fixtures.js'

const code = (expected: string) => expect.objectContaining({ code: expected })

function draftOf(actions: readonly OrchestratorAction[], start: object = {}): TurnDraft {
  const draft = new TurnDraft({ instanceId: 'order-1', runtime: undefined, state: undefined, now: at(5), replaces: false, identify: tupleId })
  draft.open([started('orderFlow', undefined, { tags: { team: 'a', FireAndForget: '' }, ...start })])
  draft.decide({ actions })
  return draft
}

describe('TurnDraft', () => {
  it('records each decision and sends its message under the id that the event keeps', () => {
    const draft = draftOf([
      { type: 'PatchMarker', id: -1, patchId: 'p' },
      { type: 'ScheduleTask', id: 0, name: 'Charge', input: '[1]' },
      { type: 'CreateTimer', id: 1, fireAt: at(60) },
      { type: 'CreateSubOrchestration', id: 2, name: 'Child', instanceId: 'kid', executionId: 'k1', input: '2', tags: { own: 'b' } },
      { type: 'SendEvent', id: 3, instanceId: 'other', name: 'go', input: '3' },
    ])
    expect(draft.events.map(({ type, eventId }) => `${type} ${eventId}`)).toEqual([
      'OrchestratorStarted -1', 'ExecutionStarted -1', 'GenericEvent -1', 'TaskScheduled 0', 'TimerCreated 1', 'SubOrchestrationInstanceCreated 2', 'EventSent 3',
    ])
    expect(draft.outbound.map(({ id, replyTo, deliverAt }) => ({ id, replyTo, deliverAt }))).toEqual([
      { id: 'e1/0', replyTo: undefined, deliverAt: undefined },
      { id: 're:e1/1', replyTo: 'e1/1', deliverAt: at(60) },
      { id: 'e1/2', replyTo: undefined, deliverAt: undefined },
      { id: 'e1/3', replyTo: undefined, deliverAt: undefined },
    ])
    const stored = draft.events.filter(({ type }) => type === 'TaskScheduled' || type === 'SubOrchestrationInstanceCreated')
    for (const event of stored) expect(event).not.toHaveProperty('input', expect.anything())
    expect(draft.outbound[0]?.message.event).toMatchObject({ input: '[1]', messageId: 'e1/0' })
    expect(draft.outbound[2]?.message.event).toMatchObject({ type: 'ExecutionStarted', messageId: 'e1/2', tags: { team: 'a', own: 'b' }, parent: { taskScheduleId: 2, instance: { executionId: 'e1' } } })
  })

  it('builds the whole state', () => {
    const draft = draftOf([{ type: 'Complete', id: 0, status: 'Completed', result: '7' }])
    const checkpoint = draft.build({ checkpointId: 'c', version: 3, settlements: [], consumedIds: { deleted: ['s'], pending: [] } })
    expect(checkpoint).toMatchObject({ executionId: 'e1', base: 3, history: { kind: 'append' }, consumedIds: { deleted: ['s'], pending: [] }, state: { status: 'Completed', output: '7', completedAt: at(5), createdAt: at(0) } })
    expect(checkpoint.history.events.at(-1)?.type).toBe('OrchestratorCompleted')
  })

  it('terminates the open children, if told so', () => {
    const end = (recursive: boolean): string[] => {
      const draft = new TurnDraft({ instanceId: 'order-1', runtime: runningState(childCreated(0, 'C', 'kid')), state: stateOf(), now: at(5), replaces: false, identify: tupleId })
      draft.open([])
      draft.decide({ actions: [{ type: 'Complete', id: 1, status: 'Terminated', result: 'why', recursive }] })
      return draft.outbound.map(({ target }) => (target.kind === 'instance' ? target.instanceId : 'activity'))
    }
    expect([end(true), end(false)]).toEqual([['kid'], []])
  })

  it('goes on as a new generation with what was carried over', () => {
    const draft = draftOf([])
    const admitted = draft.continueAsNew({ type: 'Complete', id: 0, status: 'ContinuedAsNew', result: '2', carryOver: [raised('go')], newVersion: '2.0' })
    expect(admitted).toMatchObject([{ type: 'ExecutionStarted', input: '2', version: '2.0', generation: 1, instance: { instanceId: 'order-1', executionId: expect.stringMatching(/^[0-9a-f]{32}$/) } }, { type: 'EventRaised' }])
    draft.open(admitted)
    draft.leaveUnexecuted()
    const checkpoint = draft.build({ checkpointId: 'c', version: 3, settlements: [], consumedIds: undefined })
    expect(checkpoint.history.kind).toBe('replace')
    expect(checkpoint.history.events.map(({ type }) => type)).toEqual(['OrchestratorStarted', 'ExecutionStarted', 'EventRaised', 'OrchestratorCompleted'])
    expect(checkpoint.outbound.at(-1)?.message).toMatchObject({ event: { type: 'TimerFired', timerId: -100 }, instance: { executionId: checkpoint.executionId } })
  })
})

describe('what a parent and children are told', () => {
  it.each([
    [{ status: 'Completed', result: '1' }, { type: 'SubOrchestrationInstanceCompleted', taskScheduledId: 3, result: '1' }],
    [{ status: 'Terminated', result: 'why' }, { type: 'SubOrchestrationInstanceFailed', reason: 'why', failure: { isNonRetriable: true, properties: { code: 'DTFX_ORCHESTRATION_TERMINATED' } } }],
    [{ status: 'Failed', failure: { errorType: 'E', errorMessage: 'm', isNonRetriable: false } }, { type: 'SubOrchestrationInstanceFailed', reason: 'm' }],
  ] as const)('%o', (end, event) => {
    expect(parentNotification({ parent, messageId: 'boss-1/3' }, end, at(1))).toMatchObject({ id: 're:boss-1/3', replyTo: 'boss-1/3', target: { instanceId: 'boss' }, message: { event } })
  })

  it('nothing, where nobody waits', () => {
    expect(parentNotification({}, { status: 'Completed' }, at(1))).toBeUndefined()
    expect(parentNotification({ parent, tags: { FireAndForget: '' } }, { status: 'Completed' }, at(1))).toBeUndefined()
  })

  it('that the id is in use', () => {
    const child = new RuntimeState('order-1', [turnStart(0), started('f')])
    const prepared = prepare([message('s', started('f', undefined, { parent, messageId: 'boss-1/3', instance: { instanceId: 'order-1', executionId: 'e2' } }))], { runtime: child })
    expect(refuseStarts(prepared, at(1))).toMatchObject([{ id: 're:s', replyTo: 'boss-1/3', message: { event: { taskScheduledId: 3, failure: { properties: { code: 'DTFX_CHILD_ID_IN_USE' } } } } }])
  })

  it('that the execution that started them was replaced: each once', () => {
    const sent = terminateReplaced(runningState(childCreated(0, 'C', 'a'), childCreated(1, 'C', 'b'), taskScheduled(2, 'A')), at(1), tupleId)
    expect(sent.map(({ target }) => target)).toEqual([{ kind: 'instance', instanceId: 'a' }, { kind: 'instance', instanceId: 'b' }])
    expect(new Set(sent.map(({ id }) => id)).size).toBe(2)
  })
})

describe('checkOutcome', () => {
  const end = { type: 'Complete', id: 5, status: 'Completed' }
  it.each([
    ['no object', null],
    ['no list', {}],
    ['a hole', { actions: [undefined] }],
    ['an unknown type', { actions: [{ type: 'Nonsense', id: 1 }] }],
    ['an id that is taken', { actions: [{ type: 'ScheduleTask', id: 0, name: 'A' }] }],
    ['ids that go back', { actions: [{ type: 'ScheduleTask', id: 3, name: 'A' }, { type: 'ScheduleTask', id: 2, name: 'A' }] }],
    ['no name', { actions: [{ type: 'ScheduleTask', id: 1, name: '' }] }],
    ['no time', { actions: [{ type: 'CreateTimer', id: 1, fireAt: 'soon' }] }],
    ['no execution id', { actions: [{ type: 'CreateSubOrchestration', id: 1, name: 'C', instanceId: 'x' }] }],
    ['no target', { actions: [{ type: 'SendEvent', id: 1, name: 'E', instanceId: '' }] }],
    ['an unknown end', { actions: [{ ...end, status: 'Done' }] }],
    ['something after the end', { actions: [end, { type: 'ScheduleTask', id: 6, name: 'A' }] }],
  ])('refuses %s', (_name, outcome) => {
    expect(() => checkOutcome(outcome as never, runningState())).toThrow(code('DTFX_INVALID_OUTCOME'))
  })
  it('takes what an engine decides', () => {
    expect(() => checkOutcome({ actions: [{ type: 'PatchMarker', id: -1, patchId: 'p' }, { type: 'ScheduleTask', id: 1, name: 'A' }, end] as never }, runningState())).not.toThrow()
  })
})

describe('faults', () => {
  const clock = new ManualClock()
  it('counts the most affected message and gives up at the limit', () => {
    const messages = [message('a', undefined, { faultCount: 1 }), message('b', undefined, { faultCount: 3 })]
    expect(faultPlan(messages, 5, hostOn(clock))).toMatchObject({ count: 4, exhausted: false })
    expect(faultPlan(messages, 4, hostOn(clock))).toMatchObject({ count: 4, exhausted: true })
  })

  it('waits for a name while the oldest message is younger than the grace', () => {
    const items = [message('a', undefined, { enqueuedAt: clock.nowTicks() })]
    const registry = { describe: () => 'Known' }
    const of = (graceMs: number) => unknownNameError('activity', new UnknownDefinition('Ghost', '2'), { items, registry, graceMs, host: hostOn(clock) })
    expect(of(1).kind).toBe('wait')
    expect(of(0)).toMatchObject({ kind: 'fail', error: { code: 'DTFX_UNKNOWN_ACTIVITY', details: { name: 'Ghost', known: 'Known' } } })
  })
})

describe('versions', () => {
  it.each([['', '', 0], ['', '1', -1], ['9', '10', -1], ['1.2', '1.2.0', 0], ['2', '1.9', 1], ['beta', 'Beta', 0], ['1.0-rc', '1.0', 1]])("'%s' and '%s': %i", (a, b, expected) => {
    expect(Math.sign(compareVersions(a, b))).toBe(expected)
    expect(Math.sign(compareVersions(b, a))).toBe(expected === 0 ? 0 : -expected)
  })
  it.each([['none', '9', true], ['strict', '1.0', true], ['strict', undefined, false], ['currentOrOlder', '0.9', true], ['currentOrOlder', undefined, true], ['currentOrOlder', '1.1', false]] as const)('%s takes %s: %s', (match, version, expected) => {
    expect(versionMatches({ version: '1.0', match, onMismatch: 'reject' }, version)).toBe(expected)
  })
})

describe('worker options', () => {
  const flow = defineOrchestration('Flow', async () => {})
  const act = defineActivity('Act', () => {})
  it.each([
    ['orchestrations', { orchestrations: [act] }],
    ['orchestrations', { orchestrations: 'Flow' }],
    ['activities', { activities: [{ kind: 'activity', name: 'Declared' }] }],
    ['concurrency.orchestrations', { concurrency: { orchestrations: 0 } }],
    ['maxActivitiesPerSecond', { maxActivitiesPerSecond: 0.5 }],
    ['determinism', { determinism: 'lax' }],
    ['versionMatch', { versionMatch: 'newest' }],
    ['middleware.activity', { middleware: { activity: [{}] } }],
    ['maxFaults', { maxFaults: 0 }],
    ['cache.maxInstances', { cache: { maxInstances: -1 } }],
  ])('%s is refused by name: %o', (name, options) => {
    expect(() => checkWorkerOptions(options as never)).toThrow(expect.objectContaining({ code: 'DTFX_INVALID_OPTION', message: expect.stringContaining(name) }))
  })
  it('has defaults', () => {
    expect(checkWorkerOptions({ orchestrations: [flow], activities: [act] })).toMatchObject({ concurrency: { orchestrations: 100, activities: 100 }, maxFaults: 5, unknownNameGraceMs: 60_000, cache: { maxInstances: 10_000, maxBytes: 256 * 1024 * 1024 }, watchdog: { warnAfterMs: 2_000, maxTurnMs: 60_000 }, autoCreate: true })
    expect(checkWorkerOptions({ cache: false }).cache.maxInstances).toBe(0)
    expect(() => checkWorkerOptions({ activities: [act, act] })).toThrow(code('DTFX_DUPLICATE_DEFINITION'))
  })
})

describe('ActivitySignal', () => {
  const reason = dtfxError('DTFX_INSTANCE_GONE', { instanceId: 'i' })
  const itemWith = (lost: AbortSignal, instanceGone: AbortSignal) => ({ lost, instanceGone }) as ActivityWorkItem
  it('follows the provider, keeps the first reason, and tells also who looks late', () => {
    const gone = new AbortController()
    const never = new AbortController().signal
    const abort = new ActivitySignal(itemWith(never, gone.signal))
    const { signal } = abort
    gone.abort(reason)
    abort.abort(dtfxError('DTFX_WORKER_STATE', { state: 'stopping', what: 'x' }))
    expect([signal.aborted, signal.reason, abort.reason]).toEqual([true, reason, reason])
    expect(new ActivitySignal(itemWith(never, gone.signal)).signal.reason).toBe(reason)
    const early = new ActivitySignal(itemWith(never, never))
    early.abort(reason)
    expect(early.signal.reason).toBe(reason)
  })
})
