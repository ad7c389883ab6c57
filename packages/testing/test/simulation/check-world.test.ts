/** Each rule of the checker, broken once: a checker that sees nothing would pass every simulation. */
import { addMs, type HistoryEvent, type InstanceState } from '@dtfx/core/provider'
import { beforeAll, describe, expect, test } from 'vitest'
import { checkReplay } from '../../src/simulation/check-replay.js'
import { checkPurged, checkWorld, type CheckOptions, type ObservedInstance } from '../../src/simulation/check-world.js'
import { simulationDefinitions } from '../../src/simulation/definitions.js'
import { Ledger, type ActivityEntry, type CallOutcome } from '../../src/simulation/ledger.js'
import type { ProgramNode, ProgramOutput, Trace } from '../../src/simulation/program.js'
import type { Scenario } from '../../src/simulation/scenario.js'
import { playScenario, type ScenarioRun } from './scenario-run.js'

const work = (id: number): ProgramNode => ({ kind: 'activity', id, work: 0, takesMs: 0 })
const program: ProgramNode = {
  kind: 'sequence',
  id: 1,
  children: [
    work(2),
    work(3),
    { kind: 'timer', id: 4, delayMs: 1_000 },
    { kind: 'events', id: 5, event: 'Red', count: 3 },
    { kind: 'child', id: 6, program: { kind: 'sequence', id: 7, children: [work(8)] } },
    { kind: 'talk', id: 9, rounds: 1, program: { kind: 'ask', id: 10, rounds: 1 } },
    { kind: 'race', id: 11, children: [work(12), { kind: 'timer', id: 13, delayMs: 50 }] },
    { kind: 'detached', id: 14, program: { kind: 'sequence', id: 15, children: [work(16)] } },
    { kind: 'failing', id: 17, failures: 2, delayMs: 10 },
  ],
}
const doomed: ProgramNode = { kind: 'sequence', id: 20, children: [{ kind: 'doomed', id: 21 }] }
const endless: ProgramNode = { kind: 'sequence', id: 30, children: [{ kind: 'forever', id: 31 }] }
const scenario: Scenario = {
  seed: 1,
  instances: [
    { instanceId: 'a', program, fate: 'completes' },
    { instanceId: 'b', program: doomed, fate: 'fails' },
    { instanceId: 'c', program: endless, fate: 'terminated' },
  ],
  script: [
    { kind: 'start', atMs: 0, instanceId: 'a', rivals: ['error', 'skip'] },
    { kind: 'start', atMs: 0, instanceId: 'b', rivals: [] },
    { kind: 'start', atMs: 0, instanceId: 'c', rivals: [] },
    { kind: 'raise', atMs: 10, instanceId: 'a', event: 'Red', count: 3, atOnce: false },
    { kind: 'terminate', atMs: 2_000, instanceId: 'c', recursive: true },
  ],
  purges: [],
}

let run: ScenarioRun
beforeAll(async () => {
  run = await playScenario(scenario)
})

type Change = (instance: ObservedInstance) => ObservedInstance | undefined

/** Names of the rules that are broken when one instance was seen differently. */
function rulesAfter(instanceId: string, change: Change, options?: CheckOptions): string[] {
  const observed = run.observed.flatMap((each) => (each.state.instanceId === instanceId ? (change(each) ?? []) : [each]))
  return [...new Set(checkWorld(scenario, run.ledger, observed, options).map(({ rule }) => rule))].sort()
}

const changedState = (change: Partial<InstanceState>): Change => ({ state, history }) => ({ state: { ...state, ...change }, history })
const changedHistory = (change: (history: HistoryEvent[]) => readonly HistoryEvent[]): Change => ({ state, history }) => ({ state, history: change([...history]) })

/** Another output, in the state and in the end of the history. */
function changedOutput(change: (parts: Trace[]) => Trace[]): Change {
  return ({ state, history }) => {
    const output = JSON.parse(state.output ?? '') as ProgramOutput
    const [trace] = output.generations as [Trace]
    const text = JSON.stringify({ ...output, generations: [{ ...trace, of: change([...(trace.of ?? [])]) }] })
    return { state: { ...state, output: text }, history: history.map((event) => (event.type === 'ExecutionCompleted' ? { ...event, result: text } : event)) }
  }
}

const part = (parts: readonly Trace[], index: number): Trace => parts[index] as Trace
const reversed = (parts: Trace[], index: number): Trace[] => parts.with(index, { ...part(parts, index), events: [...(part(parts, index).events ?? [])].reverse() })
/** What the child of one node of instance `a` returned. */
const childOf = ({ observed }: ScenarioRun, id: number): ProgramOutput => {
  const output = JSON.parse(observed.find(({ state }) => state.instanceId === 'a')?.state.output ?? '') as ProgramOutput
  return output.generations[0]?.of?.find((each) => each.id === id)?.child as ProgramOutput
}
const doubledEvent = (history: HistoryEvent[], type: HistoryEvent['type']): HistoryEvent[] => {
  const index = history.findIndex((event) => event.type === type)
  return history.toSpliced(index, 0, history[index] as HistoryEvent)
}

test('what happened is in order', () => {
  expect(checkWorld(scenario, run.ledger, run.observed)).toEqual([])
  expect(run.observed).toHaveLength(6)
})

describe('outputs', () => {
  test('swapped results', () => {
    const swapped = changedOutput((parts) => parts.with(0, { ...part(parts, 0), nonce: part(parts, 1).nonce }).with(1, { ...part(parts, 1), nonce: part(parts, 0).nonce }))
    expect(rulesAfter('a', swapped)).toEqual(['nonce'])
  })
  test('a result that nobody gave', () => {
    expect(rulesAfter('a', changedOutput((parts) => parts.with(0, { id: 2, nonce: 99_999 })))).toEqual(['nonce'])
  })
  test('a failure of another attempt at another place', () => {
    expect(rulesAfter('a', changedOutput((parts) => parts.with(8, { id: 17, error: part(parts, 0).nonce })))).toEqual(['doubled', 'nonce'])
  })
  test('a doubled event', () => {
    const doubled = changedOutput((parts) => {
      const [first, second] = part(parts, 3).events as [number, number]
      return parts.with(3, { id: 5, events: [first, second, second] })
    })
    expect(rulesAfter('a', doubled)).toEqual(['doubled', 'event-lost'])
  })
  test('a missing event', () => {
    expect(rulesAfter('a', changedOutput((parts) => parts.with(3, { id: 5, events: part(parts, 3).events?.slice(1) })))).toEqual(['event-lost', 'shape'])
  })
  test('events out of order, where the store promises one', () => {
    expect(rulesAfter('a', changedOutput((parts) => reversed(parts, 3)))).toEqual(['event-order'])
    expect(rulesAfter('a', changedOutput((parts) => reversed(parts, 3)), { eventOrder: false })).toEqual([])
  })
  test('a part that is missing, of another node, or of a race without a winner', () => {
    expect(rulesAfter('a', changedOutput((parts) => parts.slice(0, -1)))).toEqual(['event-lost', 'shape'])
    expect(rulesAfter('a', changedOutput((parts) => parts.with(2, { id: 99, fired: true })))).toEqual(['shape'])
    expect(rulesAfter('a', changedOutput((parts) => parts.with(2, { id: 4 })))).toEqual(['shape'])
    expect(rulesAfter('a', changedOutput((parts) => parts.with(6, { ...part(parts, 6), winner: 2 })))).toEqual(['shape'])
    expect(rulesAfter('a', changedState({ output: undefined }))).toEqual(['shape', 'status'])
  })
  test('the result of a child, and what was said to it', () => {
    const child = changedOutput((parts) => parts.with(4, { id: 6, child: { ...(part(parts, 4).child as ProgramOutput), generations: [{ id: 7, of: [] }] } }))
    expect(rulesAfter('a', child)).toEqual(['child'])
    // A turn that was lost may have told another result, but none that the program cannot give.
    expect(rulesAfter('a', child, { allowsRepeatedSends: true })).toEqual(['shape'])
    const again = run.ledger.issue(run.ledger.find(part(childOf(run, 6).generations[0]?.of ?? [], 0).nonce ?? 0) as ActivityEntry)
    const told = (nonce: number): Change => changedOutput((parts) => parts.with(4, { id: 6, child: { ...childOf(run, 6), generations: [{ id: 7, of: [{ id: 8, nonce }] }] } }))
    expect(rulesAfter('a', told(again))).toEqual(['child'])
    expect(rulesAfter('a', told(again), { allowsRepeatedSends: true })).toEqual([])
    expect(rulesAfter('a', told(99_999), { allowsRepeatedSends: true })).toEqual(['nonce'])
    expect(rulesAfter('a', changedOutput((parts) => parts.with(7, { id: 14, detached: 'nobody' })))).toEqual(['child'])
    expect(rulesAfter('a', changedOutput((parts) => parts.with(5, { ...part(parts, 5), heard: ['something else'] })))).toEqual(['shape'])
  })
})

describe('children that several nodes start', () => {
  const claim = (id: number): ProgramNode => ({ kind: 'claim', id, childId: 'shared', program: { kind: 'sequence', id: id + 1, children: [work(id + 2)] } })
  const plan: Scenario = {
    seed: 2,
    instances: [{ instanceId: 'x', program: { kind: 'sequence', id: 50, children: [claim(51), claim(61), { kind: 'all', id: 70, children: [claim(71), claim(81)] }] }, fate: 'completes' }],
    script: [{ kind: 'start', atMs: 0, instanceId: 'x', rivals: [] }],
    purges: [],
  }
  let played: ScenarioRun
  beforeAll(async () => {
    played = await playScenario(plan)
  })
  const traces = (): Trace[] => [...((JSON.parse(played.observed.find(({ state }) => state.instanceId === 'x')?.state.output ?? '') as ProgramOutput).generations[0]?.of ?? [])]
  const rules = (parts: Trace[], options?: CheckOptions): string[] => {
    const observed = played.observed.flatMap((each) => (each.state.instanceId === 'x' ? (changedOutput(() => parts)(each) ?? []) : [each]))
    return [...new Set(checkWorld(plan, played.ledger, observed, options).map(({ rule }) => rule))].sort()
  }
  const refused = (id: number): Trace => ({ id, refused: true })

  test('one after the other each gets a result of its own; at the same time one is refused', () => {
    expect(traces().slice(0, 2).every(({ child }) => child?.instanceId === 'shared')).toBe(true)
    expect(traces()[2]?.of?.map(({ refused: isRefused }) => isRefused === true).sort()).toEqual([false, true])
    expect(rules(traces())).toEqual([])
  })
  test('the result of another start, and one that came twice', () => {
    const [first, second] = traces() as [Trace, Trace]
    expect(rules(traces().with(1, { ...second, child: first.child }))).toEqual(['shape'])
    const nonce = first.child?.generations[0]?.of?.[0]?.nonce
    expect(rules(traces().with(1, { id: 61, child: { instanceId: 'shared', generations: [{ id: 62, of: [{ id: 63, nonce }] }] } }))).toEqual(['doubled', 'nonce'])
  })
  test('all starts refused, unless a turn that was lost may have sent one', () => {
    const all = [refused(51), refused(61), { id: 70, of: [refused(71), refused(81)] }]
    expect(rules(all)).toEqual(['claim'])
    expect(rules(all, { allowsRepeatedSends: true })).toEqual([])
  })
  test('neither a result nor a refusal', () => {
    expect(rules(traces().with(0, { id: 51 }))).toEqual(['shape'])
  })
})

describe('states', () => {
  test('another end than planned', () => {
    for (const [instanceId, status] of [['a', 'Failed'], ['a', 'Running'], ['b', 'Completed'], ['c', 'Completed']] as const) {
      expect(rulesAfter(instanceId, changedState({ status })), `${instanceId} ${status}`).toContain('status')
    }
    expect(rulesAfter('b', changedState({ failure: { errorType: 'Error', errorMessage: 'of another kind', isNonRetriable: false } }))).toEqual(['status'])
    expect(rulesAfter('a', changedHistory((history) => history.filter(({ type }) => type !== 'ExecutionCompleted')))).toEqual(['status'])
  })
  test('a parent that was told of the termination of its child before its own, where turns may be lost', () => {
    const failed = (errorMessage: string): Change => ({ state, history }) => ({
      state: { ...state, status: 'Failed', failure: { errorType: 'Error', errorMessage, isNonRetriable: false } },
      history: history.map((event) => (event.type === 'ExecutionCompleted' ? { ...event, status: 'Failed' } : event)),
    })
    expect(rulesAfter('c', failed('a child failed: by the script'))).toEqual(['status'])
    expect(rulesAfter('c', failed('a child failed: by the script'), { allowsRepeatedSends: true })).toEqual([])
    expect(rulesAfter('c', failed('another reason'), { allowsRepeatedSends: true })).toEqual(['status'])
  })
  test('a child that asks a parent that has failed waits; one that asks another does not', () => {
    const talks: ProgramNode = { kind: 'sequence', id: 40, children: [{ kind: 'talk', id: 41, rounds: 1, program: { kind: 'ask', id: 42, rounds: 1 } }] }
    const [asked] = run.observed.flatMap(({ state, history }) => (state.input?.includes('"talk":') === true ? [{ state, history }] : []))
    const waiting = (root: string): string[] => {
      const plan = { ...scenario, instances: scenario.instances.map((each) => (each.instanceId === root ? { ...each, program: talks } : each)) }
      const input = JSON.stringify({ program: { kind: 'ask', id: 42, rounds: 1 }, root, generation: 0, carried: [], talk: 'talk-41-0' })
      const history = (asked as ObservedInstance).history.filter(({ type }) => type !== 'ExecutionCompleted')
      const child = { state: { ...(asked as ObservedInstance).state, instanceId: 'asker', input, status: 'Running', output: undefined } as InstanceState, history }
      return checkWorld(plan, run.ledger, [child]).flatMap(({ rule, instanceId }) => (instanceId === 'asker' ? [rule] : []))
    }
    expect(waiting('b')).toEqual([])
    expect(waiting('a')).toEqual(['status'])
  })
  test('an instance that is gone, and one that nobody planned', () => {
    expect(rulesAfter('b', () => undefined)).toEqual(['missing'])
    expect(rulesAfter('b', changedState({ input: '{"root":"z","program":{"id":1}}' }))).toEqual(['missing'])
  })
  test('two starts that won, and none', () => {
    const { ledger, observed } = run
    const calls = ledger.calls('start', 'a')
    expect(calls.map(({ outcome }) => outcome).sort()).toEqual(['acknowledged', 'refused', 'refused'])
    const starts = (outcomes: readonly (readonly [CallOutcome, string])[]): string[] => {
      const other = new Ledger()
      for (const [outcome, executionId] of outcomes) other.record({ kind: 'start', instanceId: 'b', outcome, executionId })
      return checkWorld(scenario, other, observed).flatMap(({ rule, instanceId }) => (instanceId === 'b' && rule === 'start' ? [rule] : []))
    }
    expect(starts([])).toEqual(['start'])
    expect(starts([['refused', '1']])).toEqual(['start'])
    expect(starts([['acknowledged', '1'], ['acknowledged', '2']])).toEqual(['start'])
    expect(starts([['acknowledged', '1'], ['unknown', '2']])).toEqual([])
    expect(starts([['unknown', '1'], ['refused', '2']])).toEqual([])
  })
  test('an instance that is there after its purge', () => {
    const states = run.observed.map(({ state }) => state)
    expect(checkPurged(['a', 'gone'], states)).toEqual([{ rule: 'purge', instanceId: 'a', detail: 'was purged and is still there' }])
  })
})

describe('histories', () => {
  const types = ['TaskCompleted', 'TaskFailed', 'TimerFired', 'SubOrchestrationInstanceCompleted'] as const
  test.each(types)('%s that comes twice', (type) => {
    expect(rulesAfter('a', changedHistory((history) => doubledEvent(history, type)))).toEqual(['answers'])
  })
  test('an answer without a question, or to one of another kind', () => {
    const to = (taskScheduledId: number): Change =>
      changedHistory((history) => history.map((event) => (event.type === 'TaskCompleted' && event.taskScheduledId === 0 ? { ...event, taskScheduledId } : event)))
    expect(rulesAfter('a', to(999))).toEqual(['answers'])
    expect(rulesAfter('a', to(2))).toEqual(['answers'])
  })
  test('an id that comes twice, and one that is left out', () => {
    expect(rulesAfter('a', changedHistory((history) => doubledEvent(history, 'TaskScheduled')))).toEqual(['ids'])
    expect(rulesAfter('a', changedHistory((history) => history.filter((event) => event.type !== 'TimerCreated' || event.eventId !== 2)))).toEqual(['answers', 'ids'])
  })
  test('two ends, two starts, and something after the end', () => {
    expect(rulesAfter('a', changedHistory((history) => doubledEvent(history, 'ExecutionCompleted')))).toEqual(['one-end'])
    expect(rulesAfter('a', changedHistory((history) => doubledEvent(history, 'ExecutionStarted')))).toEqual(['one-start'])
    expect(rulesAfter('a', changedHistory((history) => [...history, ...history.filter(({ type }) => type === 'OrchestratorStarted').slice(-1)]))).toEqual(['one-end'])
  })
  test('a timer that fires early', () => {
    const moved = (ms: number, ...types: HistoryEvent['type'][]): Change =>
      changedHistory((history) => history.map((event) => ('fireAt' in event && types.includes(event.type) ? { ...event, fireAt: addMs(event.fireAt, ms) as string } : event)))
    const early = moved(1, 'TimerFired', 'TimerCreated')
    expect(rulesAfter('a', early)).toEqual(['timer'])
    expect(rulesAfter('a', moved(-1, 'TimerFired'))).toEqual(['timer'])
  })
  test('an event that was delivered twice, unless turns may be lost', () => {
    const doubled = changedHistory((history) => doubledEvent(history, 'EventRaised'))
    expect(rulesAfter('a', doubled)).toEqual(['event-doubled'])
    expect(rulesAfter('a', doubled, { allowsRepeatedSends: true })).toEqual([])
    const [instance] = run.observed.flatMap((each) => (each.state.instanceId === 'a' ? (doubled(each) ?? []) : []))
    const rewound = { ...scenario, instances: scenario.instances.map((each) => (each.instanceId === 'a' ? { ...each, fate: 'rewound' as const } : each)) }
    expect(checkWorld(rewound, run.ledger, [...run.observed.filter((each) => each.state.instanceId !== 'a'), instance as ObservedInstance])).toEqual([])
  })
  test('a history that does not replay to its end', async () => {
    const { orchestrations } = simulationDefinitions(new Ledger())
    const instance = run.observed.find(({ state }) => state.instanceId === 'a') as ObservedInstance
    expect(await checkReplay(instance, orchestrations)).toEqual([])
    const result = '{"nonce":5000}'
    const history = instance.history.map((event) => (event.type === 'TaskCompleted' && event.taskScheduledId === 0 ? { ...event, result } : event))
    const [other] = await checkReplay({ ...instance, history }, orchestrations)
    expect(other).toMatchObject({ rule: 'replay', detail: expect.stringContaining('another result') as string })
    const without = instance.history.filter((event) => event.type !== 'TaskCompleted' || event.taskScheduledId !== 0)
    expect(await checkReplay({ ...instance, history: without }, orchestrations)).toMatchObject([{ rule: 'replay' }])
    const state = { ...instance.state, status: 'Failed' } as const
    expect(await checkReplay({ ...instance, state }, orchestrations)).toMatchObject([{ rule: 'replay', detail: 'is Failed and replays as Completed' }])
  })
})
