import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { limits } from '../../src/base/limits.js'
import { RuntimeState } from '../../src/engine/runtime-state.js'
import { splitTimerId, type HistoryEvent } from '../../src/model/events.js'
import type { CommitDiscipline } from '../../src/provider/capabilities.js'
import type { Delivered } from '../../src/provider/work-items.js'
import { acknowledged, noConsumedIds } from '../../src/worker/consumed-ids.js'
import { prepareTurn } from '../../src/worker/prepare-turn.js'
import { at, childCompleted, childCreated, completed, failed, fired, raised, resumed, started, suspended, taskScheduled, terminated, testKey, timerCreated, turnEnd, turnStart } from '../engine/history-events.js'
import { message, parent, prepare, runningState, settled, stateOf } from './worker-fixtures.js'

const start = (executionId: string, more: object = {}): HistoryEvent => started('orderFlow', undefined, { instance: { instanceId: 'order-1', executionId }, ...more })
const ended = (status: 'Completed' | 'Failed'): RuntimeState =>
  new RuntimeState('order-1', [turnStart(0), started('orderFlow'), { type: 'ExecutionCompleted', eventId: 0, timestamp: at(1), status }, turnEnd(0)])
const rewound: HistoryEvent = { type: 'ExecutionRewound', eventId: -1, timestamp: at(1) }

describe('prepareTurn: a running instance', () => {
  const open = runningState(
    { ...taskScheduled(0, 'Charge'), messageId: 'e1/0' } as HistoryEvent,
    { ...timerCreated(1, at(50)), messageId: 'e1/1' } as HistoryEvent,
    { ...childCreated(2, 'Child', 'kid'), messageId: 'e1/2' } as HistoryEvent,
    timerCreated(3, at(500)),
  )
  const cases: [string, Delivered, string, string?][] = [
    ['an answer to an open activity', message('a', completed(0), { replyTo: 'e1/0' }), 'consumed'],
    ['an answer without replyTo, as .NET sends it', message('a', completed(0)), 'consumed'],
    ['an answer to a message that was never committed', message('a', completed(0), { replyTo: 'e0/0' }), 'discard', 'it does not answer the message that counts'],
    ['an answer to an unknown task', message('a', completed(9)), 'discard', 'the task is not open'],
    ['an answer to a task of another kind', message('a', completed(1)), 'discard', 'the task is of another kind'],
    ['a timer that is due', message('a', fired(1, at(50))), 'consumed'],
    ['a timer that comes early', message('a', fired(3, at(500))), 'defer'],
    ['a timer nobody waits for, even early', message('a', fired(9, at(500))), 'discard', 'the task is not open'],
    ['an answer of the child', message('a', childCompleted(2), { sender: 'kid' }), 'consumed'],
    ['an answer of somebody else', message('a', childCompleted(2), { sender: 'stranger' }), 'discard', 'it is from another instance than the child'],
    ['an event', message('a', raised('go')), 'consumed'],
    ['a suspension', message('a', suspended()), 'consumed'],
    ['a message for another execution', message('a', raised('go'), { executionId: 'e0' }), 'discard', 'for another execution'],
    ['a message for this execution', message('a', raised('go'), { executionId: 'e1' }), 'consumed'],
    ['an empty execution id is none', message('a', raised('go'), { executionId: '' }), 'consumed'],
    ['a rewind', message('a', rewound), 'discard', 'the instance has not failed'],
    ['a termination by a client', message('a', terminated('x')), 'consumed'],
    ['a termination by a stranger', message('a', terminated('x'), { sender: 'stranger' }), 'discard', 'from an instance that is not its parent'],
    ['the start again', message('a', start('e1')), 'discard', 'this execution has started already'],
    ['an event type nobody sends', message('a', turnStart(0)), 'quarantine'],
    ['nothing at all', message('a', undefined), 'quarantine'],
  ]
  it.each(cases)('%s', (_name, delivered, outcome, reason) => {
    const prepared = prepare([delivered], { runtime: open })
    expect(settled(prepared)).toEqual([`a:${outcome}`])
    expect(prepared.kind).toBe(outcome === 'consumed' ? 'run' : 'settle')
    expect(prepared.discarded.map((each) => each.reason)).toEqual(reason === undefined ? [] : [reason])
    expect(prepared.quarantined).toHaveLength(outcome === 'quarantine' ? 1 : 0)
  })

  it('gives way to a start that the store shows, as .NET clients write it over a living execution; to no other', () => {
    const claimed = prepare([message('a', start('e2'))], { runtime: open, state: stateOf({ status: 'Pending', executionId: 'e2' }) })
    expect(claimed).toMatchObject({ kind: 'run', replaces: true, refusedStarts: [], settlements: [{ receipt: 'a', outcome: 'consumed' }] })
    expect(settled(prepare([message('a', start('e3'))], { runtime: open, state: stateOf({ status: 'Pending', executionId: 'e2' }) }))).toEqual(['a:discard'])
    expect(settled(prepare([message('a', start('e2', { parent }))], { runtime: open, state: stateOf({ status: 'Pending', executionId: 'e2' }) }))).toEqual(['a:discard'])
  })

  it('takes one answer for each task, the first', () => {
    const prepared = prepare([message('a', failed(0)), message('b', completed(0))])
    expect(settled(prepared)).toEqual(['a:consumed', 'b:discard'])
    expect(prepared.admitted.map(({ type }) => type)).toEqual(['TaskFailed'])
  })

  it('defers an early timer until its time', () => {
    expect(prepare([message('a', fired(3, at(500)))], { runtime: open }).settlements).toEqual([{ receipt: 'a', outcome: 'defer', until: at(500) }])
  })

  it('is woken by the split timer, which leaves nothing', () => {
    const prepared = prepare([message('a', fired(splitTimerId, at(0)), { executionId: 'e1' })])
    expect(prepared).toMatchObject({ kind: 'run', admitted: [] })
    expect(prepare([message('a', fired(splitTimerId, at(0)), { executionId: 'old' })]).kind).toBe('settle')
  })

  it('sets one poison message aside; the others proceed in order', () => {
    const prepared = prepare([message('a', raised('one')), message('b', { type: 'Nonsense' }), message('c', completed(0)), message('d', raised('two'))])
    expect(prepared.kind).toBe('run')
    expect(prepared.admitted.map(({ type }) => type)).toEqual(['EventRaised', 'TaskCompleted', 'EventRaised'])
    expect(prepared.quarantined.map((each) => each.message.id)).toEqual(['b'])
  })

  it('remembers messages without a scheduled event, and takes none of them twice', () => {
    const first = prepare([message('a', raised('go')), message('a', raised('go')), message('b', completed(0))], { consumedIds: { deleted: ['z'], pending: [] } })
    expect(settled(first)).toEqual(['a:consumed', 'a:discard', 'b:consumed'])
    expect(first.consumedIds).toEqual({ deleted: ['z', 'a'], pending: [] })
    expect(settled(prepare([message('a', raised('go'))], { consumedIds: { deleted: ['z', 'a'], pending: [] } }))).toEqual(['a:discard'])
    expect(prepare([message('b', completed(0))]).consumedIds).toBeUndefined()
  })

  it('takes a bounded number of them; the rest comes at once again, and answers are not counted', () => {
    const many = Array.from({ length: limits.maxUnscheduledMessagesPerTurn + 2 }, (_, i) => message(`m${i}`, raised('go')))
    const prepared = prepare([...many, message('done', completed(0))])
    expect(prepared.admitted).toHaveLength(limits.maxUnscheduledMessagesPerTurn + 1)
    expect(prepared.settlements.filter(({ outcome }) => outcome === 'defer').map(({ until }) => until)).toEqual([at(100), at(100)])
  })

  it('forgets the oldest ids beyond the limit, but none whose message may come again', () => {
    const ids = (count: number, name: string): string[] => Array.from({ length: count }, (_, i) => `${name}${i}`)
    const consumedIds = { deleted: ids(limits.maxConsumedIds, 'old'), pending: ids(300, 'open') }
    const atomic = prepare([message('new', raised('go'))], { consumedIds })
    expect(atomic.consumedIds?.deleted).toEqual([...consumedIds.deleted.slice(1), 'new'])
    expect(atomic.consumedIds?.pending).toEqual(consumedIds.pending)
    const later = prepare([message('new', raised('go')), message('open7', raised('go'))], { consumedIds, commit: 'messages-first' })
    expect(later.consumedIds).toEqual({ deleted: consumedIds.deleted, pending: [...consumedIds.pending, 'new'] })
    expect(later.deletes).toEqual(['new', 'open7'])
    const known = acknowledged(later.consumedIds ?? noConsumedIds, later.deletes)
    expect(known.deleted).toEqual([...consumedIds.deleted.slice(2), 'open7', 'new'])
    expect(known.pending).toEqual(consumedIds.pending.filter((id) => id !== 'open7'))
  })

  it('keeps early messages of instances for a while, where the store keeps no order', () => {
    const early = { ...message('e', completed(0)), enqueuedAt: at(90) }
    const outcome = (delivered: typeof early, commit: CommitDiscipline) => prepareTurn({ instanceId: 'i', runtime: undefined, hasHistory: false, state: undefined, consumedIds: noConsumedIds, commit, messages: [delivered], now: at(100) }).settlements[0]
    const fromInstance = { ...early, sender: 'parent' }
    expect(outcome(fromInstance, 'messages-first')).toMatchObject({ outcome: 'defer', until: at(101) })
    expect(outcome(fromInstance, 'atomic')).toMatchObject({ outcome: 'discard' })
    expect(outcome({ ...fromInstance, enqueuedAt: at(100 - limits.earlyMessageGraceMs / 1000) }, 'messages-first')).toMatchObject({ outcome: 'discard' })
    const fromClient = { ...message('c', raised('go')), message: { event: raised('go'), instance: { instanceId: 'i' } } }
    expect(outcome(fromClient, 'messages-first')).toMatchObject({ outcome: 'discard' })
  })

  it('gives every message exactly one settlement, whatever comes', () => {
    const events = [completed(0), failed(0), completed(7), fired(1, at(50)), fired(3, at(500)), childCompleted(2), raised('x'), suspended(), resumed(), terminated(), rewound, start('e1'), start('e2', { parent }), start('e3'), turnStart(0), undefined]
    const state = fc.constantFrom(undefined, stateOf(), stateOf({ status: 'Pending' }), stateOf({ status: 'Failed' }))
    const runtime = fc.constantFrom(undefined, open, ended('Failed'), ended('Completed'))
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...events), fc.nat(5)), { maxLength: 12 }), state, runtime, (drawn, stored, folded) => {
        const messages = drawn.map(([event, id], index) => message(`${id}`, event, { receipt: index }))
        const prepared = prepare(messages, { runtime: folded, state: stored })
        expect(prepared.settlements.map(({ receipt }) => receipt as number).sort((a, b) => a - b)).toEqual(messages.map((_, index) => index))
        const answers = prepared.admitted.flatMap((event) => ('taskScheduledId' in event ? [event.taskScheduledId] : []))
        expect(new Set(answers).size).toBe(answers.length)
        expect(prepared.admitted.slice(1).some(({ type }) => type === 'ExecutionStarted')).toBe(false)
      }),
    )
  })
})

describe('prepareTurn: before the start', () => {
  const pending = { runtime: undefined, state: stateOf({ status: 'Pending', scheduledStartAt: at(300) }) }

  it('processes the start first, wherever it stands', () => {
    const prepared = prepare([message('a', raised('go')), message('s', start('e1'))], { runtime: undefined, state: stateOf({ status: 'Pending' }) })
    expect(prepared.admitted.map(({ type }) => type)).toEqual(['ExecutionStarted', 'EventRaised'])
    expect(prepared.admitted[0]).toMatchObject({ messageId: 's' })
    expect(prepared.replaces).toBe(false)
  })

  it('keeps what comes before a scheduled start', () => {
    expect(prepare([message('a', raised('go'))], pending).settlements).toEqual([{ receipt: 'a', outcome: 'defer', until: at(300) }])
    expect(prepare([message('a', raised('go'))], { runtime: undefined, state: stateOf({ status: 'Pending' }) }).settlements).toEqual([{ receipt: 'a', outcome: 'defer', until: at(101) }])
  })

  it('ends at once when it is terminated', () => {
    const prepared = prepare([message('a', terminated('no')), message('b', raised('go'))], pending)
    expect(prepared.kind).toBe('terminate-pending')
    expect(settled(prepared)).toEqual(['a:consumed', 'b:discard'])
  })

  it('drops messages to nobody', () => {
    const prepared = prepare([message('a', raised('go'))], { runtime: undefined, state: undefined })
    expect(prepared.discarded.map(({ reason }) => reason)).toEqual(['no such instance'])
  })
})

describe('prepareTurn: after the end', () => {
  it('nothing but a rewind moves a failed instance', () => {
    const over = { runtime: ended('Failed'), state: stateOf({ status: 'Failed' }) }
    expect(settled(prepare([message('a', raised('go')), message('b', completed(0)), message('c', start('e1'))], over)).sort()).toEqual(['a:discard', 'b:discard', 'c:discard'])
    const rewind = prepare([message('r', rewound), message('a', raised('go')), message('r2', rewound)], over)
    expect(rewind.kind).toBe('rewind')
    expect(settled(rewind)).toEqual(['r:consumed', 'a:defer', 'r2:discard'])
    expect(settled(prepare([message('r', rewound)], { runtime: ended('Completed'), state: stateOf({ status: 'Completed' }) }))).toEqual(['r:discard'])
  })

  it('a child start replaces it', () => {
    const prepared = prepare([message('s', start('e2', { parent }))], { runtime: ended('Completed'), state: stateOf({ status: 'Completed' }) })
    expect(prepared).toMatchObject({ kind: 'run', replaces: true, refusedStarts: [] })
  })
})

describe('prepareTurn: the rewind of a parent', () => {
  const asked = (previousMessageId: string | undefined): HistoryEvent => ({ type: 'ExecutionRewound', eventId: -1, timestamp: at(1), messageId: 'r', previousMessageId, parentExecutionId: 'pe2' })
  const runtimeOf = (...events: HistoryEvent[]) => new RuntimeState('order-1', [turnStart(0), started('orderFlow', undefined, { parent, messageId: 'm' }), ...events, turnEnd(0)])
  const end = (status: 'Failed' | 'Completed') => ({ runtime: runtimeOf({ type: 'ExecutionCompleted', eventId: 3, timestamp: at(2), status }), state: stateOf({ status, parent }) })
  const fromParent = { sender: parent.instance.instanceId }

  it('is noted by a child that runs, so that it answers this message', () => {
    const runtime = runtimeOf()
    const prepared = prepare([message('r', asked('m'), fromParent)], { runtime, state: stateOf({ parent }) })
    expect([prepared.kind, settled(prepared)]).toEqual(['run', ['r:consumed']])
    for (const event of prepared.admitted) runtime.apply(event)
    expect(runtime.start).toMatchObject({ messageId: 'r', parent: { instance: { executionId: 'pe2' } } })
    expect(settled(prepare([message('r', asked('other'), fromParent)], { runtime: runtimeOf(), state: stateOf({ parent }) }))).toEqual(['r:discard'])
  })
  it('that does not know the id of the start is taken from the parent only', () => {
    const running = { runtime: runtimeOf(), state: stateOf({ parent }) }
    expect(settled(prepare([message('r', asked(undefined), fromParent)], running))).toEqual(['r:consumed'])
    expect(settled(prepare([message('r', asked(undefined), { sender: 'x' })], running))).toEqual(['r:discard'])
  })
  it('is answered again by a child that is done', () => {
    expect(prepare([message('r', asked('m'), fromParent)], end('Completed'))).toMatchObject({ kind: 'settle', answerAgain: true, asked: { messageId: 'r' } })
    expect(prepare([message('r', asked('other'), fromParent)], end('Completed'))).toMatchObject({ kind: 'settle', answerAgain: false, asked: undefined })
  })
  it('rewinds a failed child if it means this one, and waits for the next turn if a client was first', () => {
    expect(prepare([message('r', asked('m'), fromParent)], end('Failed'))).toMatchObject({ kind: 'rewind', rewind: { messageId: 'r' } })
    expect(prepare([message('r', asked('other'), fromParent)], end('Failed')).kind).toBe('settle')
    const both = prepare([message('c', rewound), message('r', asked('m'), fromParent)], end('Failed'))
    expect([both.kind, settled(both)]).toEqual(['rewind', ['c:consumed', 'r:defer']])
  })
})

describe('prepareTurn: a start meets an id in use', () => {
  const child = new RuntimeState('order-1', [turnStart(0), started('orderFlow', undefined, { parent }), turnEnd(0)])

  it('of the same call: it takes over, and what was meant for the old execution has no effect', () => {
    const prepared = prepare([message('t', terminated('old')), message('s', start('e2', { parent })), message('a', raised('go'))], { runtime: child, state: stateOf({ parent }) })
    expect(prepared.replaces).toBe(true)
    expect(settled(prepared)).toEqual(['s:consumed', 't:discard', 'a:consumed'])
  })

  it('of another parent: it is refused and the parent told', () => {
    const other = { ...parent, instance: { instanceId: 'rival', executionId: 'r1' } }
    const prepared = prepare([message('s', start('e2', { parent: other }))], { runtime: child, state: stateOf({ parent }) })
    expect(prepared.kind).toBe('settle')
    expect(prepared.refusedStarts.map(({ messageId }) => messageId)).toEqual(['s'])
  })

  it('of another parent, once more when the id is free: it stays refused, and where turns may be lost the parent is told again', () => {
    const other = { ...parent, instance: { instanceId: 'rival', executionId: 'r1' } }
    const refused = message('s', start('e2', { parent: other, messageId: 's' }))
    const { consumedIds = noConsumedIds } = prepare([refused], { runtime: child, state: stateOf({ parent }) })
    expect(consumedIds.deleted).toEqual(['s'])
    const over = { runtime: ended('Completed'), state: stateOf({ status: 'Completed', parent }), consumedIds }
    expect(prepare([refused], over)).toMatchObject({ kind: 'settle', refusedStarts: [] })
    expect(prepare([refused, refused], { ...over, commit: 'messages-first' }).refusedStarts.map(({ messageId }) => messageId)).toEqual(['s'])
  })

  it('of the same call: the parent of the one that gives way is told, because it may wait for that one', () => {
    const call = (id: string, second: number, execution = 'boss-1'): HistoryEvent =>
      start(id, { parent: { ...parent, instance: { instanceId: 'boss', executionId: execution } }, messageId: id, timestamp: at(second) })
    const running = { runtime: new RuntimeState('order-1', [turnStart(0), call('e1', 5), turnEnd(0)]), state: stateOf({ parent }) }
    const told = (messages: readonly Delivered[], more: object = running): string[] => prepare(messages, more).refusedStarts.map(({ start: { instance } }) => instance.executionId as string)
    expect(told([message('e2', call('e2', 6))])).toEqual(['e1'])
    expect(told([message('e2', call('e2', 4))])).toEqual(['e2'])
    // Of an earlier execution of the parent, and late: clocks tell nothing.
    expect(told([message('e2', call('e2', 4, 'boss-0'))])).toEqual(['e1'])
    expect(told([message('e2', call('e2', 6)), message('e3', call('e3', 7))])).toEqual(['e1', 'e2'])
    expect(told([message('e1', call('e1', 5)), message('e2', call('e2', 6))], { runtime: undefined, state: undefined })).toEqual(['e1'])
    // The start of a .NET parent names no id, and its answers match by task alone.
    expect(told([message('e2', { ...call('e2', 6), messageId: undefined })])).toEqual([])
    expect(told([message('e2', { ...call('e2', 4), messageId: undefined })])).toEqual([])
  })

  it('a start that came before a turn that was lost: its answer is gone when another took its place, and its parent is told so', () => {
    const again = message('s', start('e0', { parent, messageId: 's' }))
    const more = { runtime: child, state: stateOf({ parent }), consumedIds: { deleted: ['s'], pending: [] } }
    expect(prepare([again], { ...more, commit: 'messages-first' }).refusedStarts.map(({ messageId }) => messageId)).toEqual(['s'])
    expect(prepare([again], { ...more, commit: 'state-first-outbox' }).refusedStarts).toEqual([])
  })

  it('of a client: it is discarded in silence', () => {
    expect(prepare([message('s', start('e2'))], { runtime: child, state: stateOf({ parent }) })).toMatchObject({ kind: 'settle', refusedStarts: [] })
  })

  it('after a rewind a child that was open answers for the old execution', () => {
    const renamed = new RuntimeState('order-1', [started('orderFlow', undefined, { instance: { ...testKey, executionId: 'e9' } }), { ...childCreated(2, 'Child', 'kid'), messageId: 'e1/2' } as HistoryEvent])
    expect(settled(prepare([message('a', childCompleted(2), { executionId: 'e1', replyTo: 'e1/2' })], { runtime: renamed }))).toEqual(['a:consumed'])
    expect(settled(prepare([message('a', childCompleted(2), { executionId: 'e1' })], { runtime: renamed }))).toEqual(['a:discard'])
  })
})
