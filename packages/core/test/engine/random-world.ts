/**
 * The world around a random orchestration: completes what it schedules in a random order and random batches, raises events, suspends and resumes, repeats messages. The same seed and
 * the same actions give the same world, so that two ways to run an orchestration see the same events as long as they decide the same.
 */
import { seededRandom, type Random } from '../../src/base/random.js'
import { addMs, type Ticks } from '../../src/base/ticks.js'
import type { CompleteAction, OrchestratorAction } from '../../src/model/actions.js'
import type { HistoryEvent } from '../../src/model/events.js'
import { at, childCompleted, childFailed, completed, failed, fired, raised, recorded, resumed, started, suspended, turnEnd } from './history-events.js'
import type { Decided } from './test-instance.js'

export interface Life {
  readonly history: readonly HistoryEvent[]
  /** Decisions of each turn. */
  readonly decisions: readonly (readonly OrchestratorAction[])[]
  readonly end: CompleteAction
  readonly customStatus: string | undefined
  readonly turns: number
}

/** Runs a turn: `past` is the whole history so far. */
export type RunTurn = (past: readonly HistoryEvent[], fresh: readonly HistoryEvent[], customStatus: string | undefined) => Promise<Decided>

const maxTurns = 5_000

/** Lives one instance to its end. */
export async function live(name: string, seed: number, runTurn: RunTurn): Promise<Life> {
  const world = new World(seed)
  const history: HistoryEvent[] = []
  const decisions: (readonly OrchestratorAction[])[] = []
  let customStatus: string | undefined
  let fresh: HistoryEvent[] = [world.nextTurn(), started(name, null)]
  for (let turn = 0; turn < maxTurns; turn++) {
    const result = await runTurn(history, fresh, customStatus)
    history.push(...fresh, ...recorded(result.actions), turnEnd(turn))
    decisions.push(result.actions)
    customStatus = result.customStatus
    const end = result.actions.at(-1)
    if (end?.type === 'Complete') return { history, decisions, end, customStatus, turns: turn + 1 }
    world.take(result.actions)
    fresh = [world.nextTurn(), ...world.batch()]
  }
  throw new Error(`seed ${seed}: no end after ${maxTurns} turns`)
}

class World {
  readonly #random: Random
  readonly #maxBatch: number
  readonly #open: HistoryEvent[] = []
  #last: HistoryEvent | undefined
  #seconds = 0
  #events = 0
  #suspended = false
  #now: Ticks = at(0)

  constructor(seed: number) {
    this.#random = seededRandom(seed ^ 0x9e3779b9)
    this.#maxBatch = 1 + (seed % 4)
  }

  nextTurn(): HistoryEvent {
    this.#now = addMs(at(0), this.#seconds * 700) as Ticks
    this.#seconds++
    return { type: 'OrchestratorStarted', eventId: -1, timestamp: this.#now }
  }

  /** Every action that will be answered, with its answer. */
  take(actions: readonly OrchestratorAction[]): void {
    for (const action of actions) {
      const lucky = (action.id * 7919) % 13
      if (action.type === 'ScheduleTask') this.#open.push(lucky < 3 ? failed(action.id) : completed(action.id, lucky))
      else if (action.type === 'CreateTimer') this.#open.push(fired(action.id, action.fireAt))
      else if (action.type === 'CreateSubOrchestration' && action.fireAndForget !== true) this.#open.push(lucky < 3 ? childFailed(action.id) : childCompleted(action.id, lucky))
    }
  }

  batch(): HistoryEvent[] {
    const events: HistoryEvent[] = []
    const count = 1 + Math.floor(this.#random.next() * this.#maxBatch)
    for (let i = 0; i < count && this.#open.length > 0; i++) events.push(this.#drawn())
    if (this.#random.next() < 0.1) events.push(this.#raise())
    if (this.#last !== undefined && this.#random.next() < 0.05) events.push(this.#last)
    if (this.#random.next() < (this.#suspended ? 0.4 : 0.06)) events.splice(Math.floor(this.#random.next() * (events.length + 1)), 0, this.#toggle())
    if (events.length > 0) return events
    return this.#suspended ? [this.#toggle()] : [this.#raise()]
  }

  #drawn(): HistoryEvent {
    const [event] = this.#open.splice(Math.floor(this.#random.next() * this.#open.length), 1)
    this.#last = event
    return event as HistoryEvent
  }

  #raise(): HistoryEvent {
    return raised(`event${this.#events % 3}`, this.#events++)
  }

  #toggle(): HistoryEvent {
    this.#suspended = !this.#suspended
    return this.#suspended ? suspended() : resumed()
  }
}
