/** Short forms of delivered messages, states and folded histories for tests of the worker's pure parts. Times and events are those of the engine's tests. */
import { seededRandom } from '../../src/base/random.js'
import type { Clock } from '../../src/base/clock.js'
import { ticksFromMs } from '../../src/base/ticks.js'
import { RuntimeState } from '../../src/engine/runtime-state.js'
import type { HistoryEvent } from '../../src/model/events.js'
import type { InstanceState, ParentInstance } from '../../src/model/instance.js'
import { resolveHost } from '../../src/provider/host.js'
import type { Delivered } from '../../src/provider/work-items.js'
import { prepareTurn } from '../../src/worker/prepare-turn.js'
import type { PreparedTurn, TurnInputs } from '../../src/worker/prepared-turn.js'
import { at, started, taskScheduled, testKey, turnEnd, turnStart } from '../engine/history-events.js'

export const parent: ParentInstance = { name: 'Parent', instance: { instanceId: 'boss', executionId: 'boss-1' }, taskScheduleId: 3 }

export function message(id: string, event: unknown, more: Partial<Delivered> & { executionId?: string } = {}): Delivered {
  const { executionId, ...rest } = more
  return {
    id,
    message: { event: event as HistoryEvent, instance: { instanceId: testKey.instanceId, executionId } },
    deliveryCount: 1,
    faultCount: 0,
    enqueuedAt: at(0),
    receipt: id,
    ...rest,
  }
}

export function stateOf(more: Partial<InstanceState> = {}): InstanceState {
  return { ...testKey, name: 'orderFlow', status: 'Running', generation: 0, createdAt: at(0), lastUpdatedAt: at(0), ...more }
}

/** A running execution whose first turn scheduled `decisions` (by default activity 0). */
export function runningState(...decisions: readonly HistoryEvent[]): RuntimeState {
  const tasks = decisions.length > 0 ? decisions : [{ ...taskScheduled(0, 'Charge'), messageId: 'e1/0' } as HistoryEvent]
  return new RuntimeState(testKey.instanceId, [turnStart(0), started('orderFlow'), ...tasks, turnEnd(0)])
}

export function prepare(messages: readonly Delivered[], more: Partial<TurnInputs> = {}): PreparedTurn {
  const runtime = 'runtime' in more ? more.runtime : runningState()
  const state = 'state' in more ? more.state : stateOf()
  return prepareTurn({ instanceId: testKey.instanceId, hasHistory: runtime !== undefined, consumedIds: { deleted: [], pending: [] }, commit: 'atomic', now: at(100), ...more, runtime, state, messages })
}

/** Receipt and outcome of each settlement: `a:consumed`. */
export function settled({ settlements }: PreparedTurn): string[] {
  return settlements.map(({ receipt, outcome }) => `${String(receipt)}:${outcome}`)
}

/** A clock that a test moves; timers fire when their time is reached, in order. */
export class ManualClock implements Clock {
  #nowMs = 1_000_000
  #timers: { dueMs: number; fire: () => void }[] = []
  nowMs = (): number => this.#nowMs
  nowTicks = (): string => ticksFromMs(this.#nowMs)
  monotonicMs = (): number => this.#nowMs
  get pending(): number {
    return this.#timers.length
  }
  setTimer(delayMs: number, fire: () => void): () => void {
    const timer = { dueMs: this.#nowMs + delayMs, fire }
    this.#timers.push(timer)
    return () => void (this.#timers = this.#timers.filter((each) => each !== timer))
  }
  /** Moves on and lets promises settle after each timer. */
  async advance(ms: number): Promise<void> {
    const targetMs = this.#nowMs + ms
    for (;;) {
      const [next] = this.#timers.filter(({ dueMs }) => dueMs <= targetMs).sort((a, b) => a.dueMs - b.dueMs)
      if (next === undefined) break
      this.#timers = this.#timers.filter((each) => each !== next)
      this.#nowMs = Math.max(this.#nowMs, next.dueMs)
      next.fire()
      await settle()
    }
    this.#nowMs = targetMs
    await settle()
  }
}

/** Lets everything happen that is queued now. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

export function hostOn(clock: Clock, more: Parameters<typeof resolveHost>[0] = {}) {
  return resolveHost({ clock, random: seededRandom(1), ...more })
}
