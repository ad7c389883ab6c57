import { describe, expect, it } from 'vitest'
import { Registry } from '../../src/authoring/registry.js'
import { createEngine } from '../../src/engine/engine.js'
import type { TurnExecutor, TurnRequest, TurnResult } from '../../src/engine/turn-executor.js'
import type { FailureDetails } from '../../src/errors/failure-details.js'
import type { CompleteAction, OrchestratorAction } from '../../src/model/actions.js'
import type { HistoryEvent, HistoryEventOf } from '../../src/model/events.js'
import { lenient, notReplayed, onlyTurns } from './catalogue.js'
import { dotnetOrchestrations } from './orchestrations.js'
import { readRecording, recordedScenarios, recordedVersions, type Recording } from './recording.js'
import { instancesOf, type RecordedInstance } from './rows-to-history.js'
import { completionOf, turnsOf, type RecordedTurn } from './turns.js'

type Decided = Extract<TurnResult, { kind: 'decided' }>

describe('the catalogue', () => {
  it.each(recordedVersions)('says of each recording of %s whether it is replayed', (version) => {
    const complete = recordedScenarios(version).filter((scenario) => {
      const instances = instancesOf(readRecording(version, scenario).history)
      return instances.length > 0 && instances.every(({ history }) => completionOf(history) !== undefined)
    })
    const excluded = Object.keys(notReplayed)
    const incomplete = recordedScenarios(version).filter((scenario) => !complete.includes(scenario))
    expect(incomplete.sort()).toStrictEqual(excluded.filter((scenario) => scenario !== 'nondeterministic').sort())
    expect(complete).toContain('nondeterministic')
    expect(complete.length - 1).toBe(43)
  })
})

describe.each(recordedVersions)('histories of DurableTask.AzureStorage %s', (version) => {
  const replayed = recordedScenarios(version).filter((scenario) => !(scenario in notReplayed))

  describe.each([true, false])('with waitForOpenTasks %s', (waitForOpenTasks) => {
    it.each(replayed)('%s ends as recorded', async (scenario) => {
      const recording = readRecording(version, scenario)
      for (const instance of instancesOf(recording.history)) {
        const recorded = completionOf(instance.history) as HistoryEventOf<'ExecutionCompleted'>
        expectCompletion(await lastTurn(engineFor(recording, waitForOpenTasks), instance), recorded, scenario)
        expectCompletion(await oneShot(engineFor(recording, waitForOpenTasks), instance), recorded, scenario)
      }
    })
  })

  const turnByTurn = [...replayed, ...onlyTurns].filter((scenario) => lenient[scenario]?.turns === undefined)
  it.each(turnByTurn)('%s decides in every turn what .NET decided', async (scenario) => {
    const recording = readRecording(version, scenario)
    for (const instance of instancesOf(recording.history)) {
      for (const keep of [true, false]) await expectTurns(engineFor(recording, true), instance, keep)
    }
  })

  it('rewind goes on where .NET went on', async () => {
    const recording = readRecording(version, 'rewind')
    const [instance] = instancesOf(recording.history) as [RecordedInstance]
    const turns = turnsOf(instance.history)
    const rewound = turns.findIndex(({ incoming }) => incoming.some((event) => event.type === 'GenericEvent' && event.data === 'try again'))
    const past = turns.slice(0, rewound).flatMap(({ events }) => events)
    const result = await run(engineFor(recording, true), instance, { past, fresh: (turns[rewound] as RecordedTurn).incoming })
    expect(result.actions).toStrictEqual([{ type: 'ScheduleTask', id: 1, name: 'Flaky', version: undefined, input: '["rewind-rewind-1#1"]', tags: undefined }])
  })

  it('nondeterministic is reported', async () => {
    const recording = readRecording(version, 'nondeterministic')
    const [instance] = instancesOf(recording.history) as [RecordedInstance]
    for (const result of [await lastTurn(engineFor(recording, true), instance), await oneShot(engineFor(recording, true), instance)]) {
      expect(result.actions).toHaveLength(1)
      const completion = completionIn(result)
      expect(completion).toMatchObject({ type: 'Complete', id: 1, status: 'Failed', failure: { properties: { code: 'DTFX_NONDETERMINISTIC' } } })
      expect(completion.failure?.errorMessage).toContain("history recorded activity 'Hello'")
      expect(completion.failure?.errorMessage).toContain("the code did     activity 'Square'")
    }
  })

  it('unawaited-timer: with waitForOpenTasks the end waits for the timer, without it comes with the result', async () => {
    expect(await turnsUntilEnd(version, 'unawaited-timer', true)).toBe(3)
    expect(await turnsUntilEnd(version, 'unawaited-timer', false)).toBe(2)
  })

  it('timer-cancelled and fire-and-forget: neither a cancelled timer nor a child nobody waits for holds the end', async () => {
    for (const waitForOpenTasks of [true, false]) {
      expect(await turnsUntilEnd(version, 'timer-cancelled', waitForOpenTasks)).toBe(2)
      expect(await turnsUntilEnd(version, 'fire-and-forget', waitForOpenTasks)).toBe(1)
    }
  })

  it('timer-cancelled: the message of the cancelled timer changes nothing', async () => {
    const recording = readRecording(version, 'timer-cancelled')
    const [instance] = instancesOf(recording.history) as [RecordedInstance]
    const created = instance.history.find((event) => event.type === 'TimerCreated') as HistoryEventOf<'TimerCreated'>
    const late: HistoryEvent = { type: 'TimerFired', eventId: -1, timestamp: created.fireAt, timerId: created.eventId, fireAt: created.fireAt }
    const recorded = completionOf(instance.history) as HistoryEventOf<'ExecutionCompleted'>
    const turn: HistoryEvent = { type: 'OrchestratorStarted', eventId: -1, timestamp: created.fireAt }
    const result = await run(engineFor(recording, true), instance, { past: instance.history, fresh: [turn, late] })
    expectCompletion(result, recorded, 'timer-cancelled')
  })
})

function engineFor(recording: Recording, waitForOpenTasks: boolean): TurnExecutor {
  return createEngine({ orchestrations: new Registry('Orchestration', dotnetOrchestrations(recording.settings, waitForOpenTasks)), determinism: 'strict' })
}

async function run(engine: TurnExecutor, { instanceId, executionId }: RecordedInstance, request: Pick<TurnRequest, 'past' | 'fresh'> & { keep?: boolean }): Promise<Decided> {
  const result = await engine.run({ key: { instanceId, executionId }, keep: false, ...request })
  if (result.kind !== 'decided') throw new Error(`the engine answered ${result.kind}`)
  return result
}

/** Everything before the last turn is past; the last one is run. */
function lastTurn(engine: TurnExecutor, instance: RecordedInstance): Promise<Decided> {
  const turns = turnsOf(instance.history)
  const last = turns.findIndex(({ decided }) => decided.some((event) => event.type === 'ExecutionCompleted'))
  const past = turns.slice(0, last).flatMap(({ events }) => events)
  return run(engine, instance, { past, fresh: (turns[last] as RecordedTurn).incoming })
}

/** The whole history is past, its end included. */
function oneShot(engine: TurnExecutor, instance: RecordedInstance): Promise<Decided> {
  return run(engine, instance, { past: instance.history, fresh: [] })
}

async function expectTurns(engine: TurnExecutor, instance: RecordedInstance, keep: boolean): Promise<void> {
  const past: HistoryEvent[] = []
  for (const [index, turn] of turnsOf(instance.history).entries()) {
    const result = await run(engine, instance, { past: keep && index > 0 ? undefined : [...past], fresh: turn.incoming, keep })
    expect(result.actions.map(shownAction)).toStrictEqual(turn.decided.map(shownEvent))
    past.push(...turn.events)
  }
}

async function turnsUntilEnd(version: (typeof recordedVersions)[number], scenario: string, waitForOpenTasks: boolean): Promise<number> {
  const recording = readRecording(version, scenario)
  const [instance] = instancesOf(recording.history) as [RecordedInstance]
  const engine = engineFor(recording, waitForOpenTasks)
  for (const [index, turn] of turnsOf(instance.history).entries()) {
    const { actions } = await run(engine, instance, { past: index === 0 ? [] : undefined, fresh: turn.incoming, keep: true })
    if (actions.at(-1)?.type === 'Complete') return index + 1
  }
  throw new Error('it did not end')
}

function completionIn(result: Decided): CompleteAction {
  const last = result.actions.at(-1)
  if (last?.type !== 'Complete') throw new Error(`it did not end: ${JSON.stringify(result)}`)
  return last
}

function expectCompletion(result: Decided, recorded: HistoryEventOf<'ExecutionCompleted'>, scenario: string): void {
  const completion = completionIn(result)
  expect({ id: completion.id, status: completion.status }).toStrictEqual({ id: recorded.eventId, status: recorded.status })
  if (completion.status === 'Failed') {
    // What .NET records as result of a failed orchestration is the message of what was thrown, for a failed activity that of its own exception.
    if (lenient[scenario]?.failureText === undefined) expect(messagesOf(completion.failure)).toContain(recorded.result)
  } else if (lenient[scenario]?.resultAsValue !== undefined) {
    expect(JSON.parse(completion.result as string)).toStrictEqual(JSON.parse(recorded.result as string))
  } else {
    expect(completion.result).toBe(recorded.result)
  }
}

function messagesOf(failure: FailureDetails | undefined): string[] {
  return failure === undefined ? [] : [failure.errorMessage, ...messagesOf(failure.innerFailure)]
}

/** What both an action and the event that records it say: kind and id, and name, target or time where there is one. */
function shownAction(action: OrchestratorAction): unknown {
  switch (action.type) {
    case 'ScheduleTask':
      return ['TaskScheduled', action.id, action.name, action.version ?? '']
    case 'CreateTimer':
      return ['TimerCreated', action.id, action.fireAt]
    case 'CreateSubOrchestration':
      return ['SubOrchestrationInstanceCreated', action.id, action.name, shownChild(action.instanceId)]
    case 'SendEvent':
      return ['EventSent', action.id, action.name, action.instanceId, action.input]
    case 'Complete':
      return ['ExecutionCompleted', action.id, action.status]
    case 'PatchMarker':
      return ['GenericEvent', action.id, action.patchId]
  }
}

function shownEvent(event: RecordedTurn['decided'][number]): unknown {
  switch (event.type) {
    case 'TaskScheduled':
      return [event.type, event.eventId, event.name, event.version ?? '']
    case 'TimerCreated':
      return [event.type, event.eventId, event.fireAt]
    case 'SubOrchestrationInstanceCreated':
      return [event.type, event.eventId, event.name, shownChild(event.instanceId)]
    case 'EventSent':
      return [event.type, event.eventId, event.name, event.instanceId, event.input]
    case 'ExecutionCompleted':
      return [event.type, event.eventId, event.status]
  }
}

/** Ids that were not given: .NET's are `<execution id>:<task id>`, ours have a third part. */
function shownChild(instanceId: string): string {
  return /^[0-9a-f]{32}:\d+/.exec(instanceId)?.[0] ?? instanceId
}
