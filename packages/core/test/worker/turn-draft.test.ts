import { describe, expect, it } from 'vitest'
import { limits } from '../../src/base/limits.js'
import { tupleId } from '../../src/engine/identity.js'
import { fireAndForgetTag, type RuntimeState } from '../../src/engine/runtime-state.js'
import type { CompleteAction, OrchestratorAction } from '../../src/model/actions.js'
import { splitTimerId, type ExecutionStartedEvent, type HistoryEvent } from '../../src/model/events.js'
import type { Checkpoint } from '../../src/provider/checkpoint.js'
import { TurnDraft, type DraftBase } from '../../src/worker/turn-draft.js'
import { at, childCreated, completed, raised, taskScheduled, terminated } from '../engine/history-events.js'
import { fold, now, parent, startEvent, storedState, turn, types } from './inbox.js'

const work: OrchestratorAction = { type: 'ScheduleTask', id: 0, name: 'Work', input: '[1]', tags: { prio: '1' } }
const end = (more: Partial<CompleteAction> = {}): CompleteAction => ({ type: 'Complete', id: 5, status: 'Completed', result: '"done"', ...more })

function draftOf(base: Partial<DraftBase> = {}): TurnDraft {
  return new TurnDraft({ instanceId: 'order-1', runtime: undefined, state: undefined, now, replaces: false, identify: tupleId, ...base })
}

function build(draft: TurnDraft): Checkpoint {
  return draft.build({ checkpointId: 'c1', version: 7, settlements: [{ receipt: 'r', outcome: 'consumed' }], consumedIds: { deleted: ['m'], pending: [] } })
}

/** A first turn that decides `actions`. */
function firstTurn(actions: readonly OrchestratorAction[], start: Partial<ExecutionStartedEvent> = {}, customStatus?: string): Checkpoint {
  const draft = draftOf({ state: storedState({ status: 'Pending' }) })
  draft.open([startEvent('e1', start)])
  draft.decide({ actions, customStatus })
  return build(draft)
}

describe('the checkpoint of a turn', () => {
  it('holds turn marks, what was admitted and the decisions in order; settlements, version and ids as given', () => {
    const checkpoint = firstTurn([{ type: 'PatchMarker', id: -1, patchId: 'p' }, work], {}, '"half"')
    expect(checkpoint).toMatchObject({ executionId: 'e1', base: 7, checkpointId: 'c1', consumedIds: { deleted: ['m'], pending: [] }, settlements: [{ receipt: 'r', outcome: 'consumed' }], history: { kind: 'append' } })
    expect(types(checkpoint.history.events)).toEqual(['OrchestratorStarted', 'ExecutionStarted', 'GenericEvent', 'TaskScheduled', 'OrchestratorCompleted'])
    expect(checkpoint.state).toMatchObject({ status: 'Running', customStatus: '"half"', name: 'Flow', executionId: 'e1', completedAt: undefined, createdAt: at(0), lastUpdatedAt: now })
  })
  it('appends to a stored history, keeping what the state held', () => {
    const runtime = fold(...turn(0, startEvent('e1', { tags: { team: 'blue' } }), taskScheduled(0, 'Work')))
    const draft = draftOf({ runtime, state: storedState({ customStatus: '"old"', extra: { Unknown: 1 } }) })
    draft.open([completed(0)])
    expect(draft.customStatus).toBe('"old"')
    draft.decide({ actions: [], customStatus: draft.customStatus })
    const { history, state } = build(draft)
    expect(types(history.events)).toEqual(['OrchestratorStarted', 'TaskCompleted', 'OrchestratorCompleted'])
    expect(state).toMatchObject({ customStatus: '"old"', extra: { Unknown: 1 }, tags: { team: 'blue' } })
  })
  it('replaces the history when a start takes over, and nothing of the old state stays', () => {
    const draft = draftOf({ state: storedState({ customStatus: '"old"', extra: { Unknown: 1 } }), replaces: true })
    draft.open([startEvent('e2')])
    draft.decide({ actions: [], customStatus: draft.customStatus })
    expect(build(draft)).toMatchObject({ executionId: 'e2', history: { kind: 'replace' }, state: { customStatus: undefined, extra: undefined } })
  })
  it('of a suspended instance says so', () => {
    const draft = draftOf({ runtime: fold(...turn(0, startEvent('e1'))), state: storedState() })
    draft.open([{ type: 'ExecutionSuspended', eventId: -1, timestamp: now }])
    draft.decide({ actions: [] })
    expect(build(draft).state?.status).toBe('Suspended')
  })
})

describe('decisions', () => {
  it('an activity: the message carries the input, the history does not', () => {
    const { outbound, history } = firstTurn([work], { tags: { team: 'blue' }, parentTraceContext: { traceParent: 't' } })
    expect(outbound).toMatchObject([{ id: 'e1/0', target: { kind: 'activity' }, message: { orchestrationTags: { team: 'blue' }, instance: { instanceId: 'order-1', executionId: 'e1' }, event: { type: 'TaskScheduled', eventId: 0, input: '[1]', tags: { prio: '1' }, messageId: 'e1/0', parentTraceContext: { traceParent: 't' } } } }])
    const scheduled = history.events.find(({ type }) => type === 'TaskScheduled')
    expect(scheduled).toMatchObject({ eventId: 0, messageId: 'e1/0', tags: { prio: '1' } })
    expect(scheduled).toHaveProperty('input', undefined)
  })
  it('a timer: a message to itself at its time, as the answer to its own schedule', () => {
    const { outbound, history } = firstTurn([{ type: 'CreateTimer', id: 0, fireAt: at(500) }])
    expect(outbound).toMatchObject([{ id: 're:e1/0', replyTo: 'e1/0', deliverAt: at(500), target: { kind: 'instance', instanceId: 'order-1' }, message: { instance: { executionId: 'e1' }, event: { type: 'TimerFired', timerId: 0, fireAt: at(500) } } }])
    expect(history.events[2]).toMatchObject({ type: 'TimerCreated', eventId: 0, fireAt: at(500), messageId: 'e1/0' })
  })
  it('a child: starts with the parent to answer, and the id of the message to answer', () => {
    const { outbound, history } = firstTurn([{ type: 'CreateSubOrchestration', id: 0, name: 'Child', instanceId: 'kid', executionId: 'ke', input: '1', version: '2' }])
    expect(outbound).toMatchObject([{ id: 'e1/0', target: { kind: 'instance', instanceId: 'kid' }, message: { instance: { instanceId: 'kid', executionId: 'ke' }, event: { type: 'ExecutionStarted', name: 'Child', version: '2', input: '1', messageId: 'e1/0', parent: { name: 'Flow', taskScheduleId: 0, instance: { instanceId: 'order-1', executionId: 'e1' } } } } }])
    expect(history.events[2]).toMatchObject({ type: 'SubOrchestrationInstanceCreated', eventId: 0, instanceId: 'kid', messageId: 'e1/0' })
    expect(history.events[2]).not.toHaveProperty('input')
  })
  it.each<[string, Partial<Extract<OrchestratorAction, { type: 'CreateSubOrchestration' }>>, Record<string, string> | undefined, Record<string, string> | undefined]>([
    ['its own over the parent’s', { tags: { a: '2', c: '3' } }, { a: '1', b: '1' }, { a: '2', b: '1', c: '3' }],
    ['none', {}, undefined, undefined],
    ['fire and forget is never inherited', {}, { [fireAndForgetTag]: '', a: '1' }, { a: '1' }],
    ['fire and forget of its own', { fireAndForget: true }, { a: '1' }, { a: '1', [fireAndForgetTag]: '' }],
  ])('tags of a child: %s', (_name, action, tags, expected) => {
    const { outbound } = firstTurn([{ type: 'CreateSubOrchestration', id: 0, name: 'Child', instanceId: 'kid', executionId: 'ke', ...action }], { tags })
    expect((outbound[0]?.message.event as ExecutionStartedEvent).tags).toEqual(expected)
  })
  it('an event to another instance: to whatever execution it has', () => {
    const { outbound, history } = firstTurn([{ type: 'SendEvent', id: 0, instanceId: 'other', name: 'Go', input: '1' }])
    expect(outbound).toMatchObject([{ id: 'e1/0', target: { instanceId: 'other' }, message: { instance: { instanceId: 'other' }, event: { type: 'EventRaised', eventId: -1, name: 'Go', input: '1' } } }])
    expect(outbound[0]?.message.instance.executionId).toBeUndefined()
    expect(history.events[2]).toMatchObject({ type: 'EventSent', eventId: 0, instanceId: 'other' })
  })
})

describe('an end', () => {
  it('completes the state; nobody is told without a parent', () => {
    const { state, history, outbound } = firstTurn([end()])
    expect(state).toMatchObject({ status: 'Completed', output: '"done"', completedAt: now, failure: undefined })
    expect(history.events.at(-2)).toMatchObject({ type: 'ExecutionCompleted', eventId: 5, result: '"done"' })
    expect(outbound).toEqual([])
  })
  it('failed: the failure is in the state, its text in the history', () => {
    const failure = { errorType: 'TypeError', errorMessage: 'no', isNonRetriable: false }
    const { state, history } = firstTurn([end({ status: 'Failed', result: undefined, failure })])
    expect(state).toMatchObject({ status: 'Failed', failure, output: undefined })
    expect(history.events.at(-2)).toMatchObject({ result: 'no', failure })
  })
  it.each<[string, Partial<CompleteAction>, Partial<HistoryEvent>]>([
    ['completed', {}, { type: 'SubOrchestrationInstanceCompleted', result: '"done"' } as never],
    ['failed', { status: 'Failed', result: undefined, failure: { errorType: 'E', errorMessage: 'no', isNonRetriable: false } }, { type: 'SubOrchestrationInstanceFailed', reason: 'no', failure: { errorType: 'E' } } as never],
    ['terminated', { status: 'Terminated', result: 'enough' }, { type: 'SubOrchestrationInstanceFailed', reason: 'enough', failure: { properties: { code: 'DTFX_ORCHESTRATION_TERMINATED' } } } as never],
  ])('%s: the parent gets the answer to the message that started it', (_name, action, event) => {
    const { outbound } = firstTurn([end(action)], { parent, messageId: 'pe/3' })
    expect(outbound).toMatchObject([{ id: 're:pe/3', replyTo: 'pe/3', target: { instanceId: 'p' }, message: { instance: parent.instance, event: { ...event, eventId: -1, taskScheduledId: 3 } } }])
  })
  it('of a child that nobody waits for tells nobody', () => {
    expect(firstTurn([end()], { parent, tags: { [fireAndForgetTag]: '' } }).outbound).toEqual([])
  })
  it('terminated recursively: every open child is told, with ids of their own', () => {
    const runtime = fold(...turn(0, startEvent('e1'), childCreated(0, 'A', 'kid-a'), childCreated(1, 'B', 'kid-b'), taskScheduled(2, 'Work')))
    const draft = draftOf({ runtime, state: storedState() })
    draft.open([terminated('enough', true)])
    draft.decide({ actions: [end({ status: 'Terminated', result: 'enough', recursive: true })] })
    const { outbound } = build(draft)
    expect(outbound).toMatchObject([{ target: { instanceId: 'kid-a' } }, { target: { instanceId: 'kid-b' } }].map((each) => ({ ...each, message: { event: { type: 'ExecutionTerminated', input: 'enough', recursive: true } } })))
    expect(new Set(outbound.map(({ id }) => id)).size).toBe(2)
  })
  it('terminated alone leaves the children be', () => {
    const draft = draftOf({ runtime: fold(...turn(0, startEvent('e1'), childCreated(0, 'A', 'kid'))), state: storedState() })
    draft.open([terminated('enough')])
    draft.decide({ actions: [end({ status: 'Terminated' })] })
    expect(build(draft).outbound).toEqual([])
  })
  it('by a history that has become too long is a coded failure', () => {
    const runtime: RuntimeState = fold(...turn(0, startEvent('e1')))
    runtime.count = limits.maxHistoryEvents
    const draft = draftOf({ runtime, state: storedState() })
    draft.open([])
    expect(draft.decide({ actions: [work] })).toMatchObject({ status: 'Failed', failure: { properties: { code: 'DTFX_HISTORY_TOO_LONG' } } })
  })
})

describe('continue as new', () => {
  const next = (more: Partial<CompleteAction> = {}): CompleteAction => end({ status: 'ContinuedAsNew', result: '2', carryOver: [raised('Go', 1)], ...more })
  function continued(start: Partial<ExecutionStartedEvent>, action = next()): TurnDraft {
    const draft = draftOf({ state: storedState({ status: 'Pending' }) })
    draft.open([startEvent('e1', start)])
    draft.open(draft.continueAsNew(draft.decide({ actions: [work, action], customStatus: '"kept"' }) as CompleteAction))
    return draft
  }
  it('begins a fresh history under a new execution; messages of the old generation still go out', () => {
    const draft = continued({ version: '1', tags: { a: '1' }, parent, messageId: 'pe/3', scheduledStartTime: at(1), seedExecutionId: 'e0' })
    expect(draft.start.seedExecutionId).toBeUndefined()
    draft.decide({ actions: [work], customStatus: draft.customStatus })
    const { history, state, outbound, executionId } = build(draft)
    expect(history.kind).toBe('replace')
    expect(types(history.events)).toEqual(['OrchestratorStarted', 'ExecutionStarted', 'EventRaised', 'TaskScheduled', 'OrchestratorCompleted'])
    expect(history.events[1]).toMatchObject({ input: '2', generation: 1, version: '1', parent, messageId: 'pe/3', tags: { a: '1' }, scheduledStartTime: undefined })
    expect(executionId).not.toBe('e1')
    expect(state).toMatchObject({ executionId, status: 'Running', generation: 1, customStatus: '"kept"', input: '2' })
    expect(outbound.map(({ id }) => id)).toEqual(['e1/0', `${executionId}/0`])
  })
  it('takes another version when asked to', () => {
    expect(continued({ version: '1' }, next({ newVersion: '2' })).start.version).toBe('2')
  })
  it('is the same for the same decision, and another for another', () => {
    const id = (action = next()) => continued({}, action).runtime.executionId
    expect(id()).toBe(id())
    expect(new Set([id(), id(next({ result: '3' })), id(next({ carryOver: [] })), id(next({ newVersion: '9' }))]).size).toBe(4)
  })
  it('left unexecuted has a trigger of its own', () => {
    const draft = continued({})
    draft.leaveUnexecuted()
    const { outbound, executionId, history } = build(draft)
    expect(types(history.events)).toEqual(['OrchestratorStarted', 'ExecutionStarted', 'EventRaised', 'OrchestratorCompleted'])
    expect(outbound.at(-1)).toMatchObject({ target: { instanceId: 'order-1' }, message: { instance: { executionId }, event: { type: 'TimerFired', timerId: splitTimerId } } })
  })
})
