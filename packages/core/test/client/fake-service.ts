/** A service for tests of the client alone: states are set by the test, calls are recorded, time moves when the test says so. */
import type { Clock } from '../../src/base/clock.js'
import { seededRandom } from '../../src/base/random.js'
import { ticksFromMs } from '../../src/base/ticks.js'
import type { HistoryEvent } from '../../src/model/events.js'
import type { InstanceState } from '../../src/model/instance.js'
import type { OutboundMessage } from '../../src/provider/checkpoint.js'
import type { ClientPort, CreateRequest, CreateResult } from '../../src/provider/client-port.js'
import { resolveHost } from '../../src/provider/host.js'
import type { Host, OrchestrationService } from '../../src/provider/orchestration-service.js'

interface FakeTimer {
  readonly atMs: number
  readonly fire: () => void
}

export class FakeClock implements Clock {
  ms = Date.parse('2030-01-01T00:00:00.000Z')
  readonly timers = new Set<FakeTimer>()

  nowMs(): number {
    return this.ms
  }
  nowTicks(): string {
    return ticksFromMs(this.ms)
  }
  monotonicMs(): number {
    return this.ms
  }
  setTimer(delayMs: number, fire: () => void): () => void {
    const timer = { atMs: this.ms + delayMs, fire }
    this.timers.add(timer)
    return () => this.timers.delete(timer)
  }

  /** Moves to the next timer and fires it, once everything in progress has settled. False: there is none. */
  async step(): Promise<boolean> {
    await settle()
    const [next] = [...this.timers].sort((a, b) => a.atMs - b.atMs)
    if (next === undefined) return false
    this.ms = Math.max(this.ms, next.atMs)
    this.timers.delete(next)
    next.fire()
    await settle()
    return true
  }
}

export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
}

export function runningState(instanceId: string, more: Partial<InstanceState> = {}): InstanceState {
  const now = '2030-01-01T00:00:00.000Z'
  return { instanceId, executionId: 'e1', name: 'Flow', status: 'Running', generation: 0, createdAt: now, lastUpdatedAt: now, ...more }
}

export function completedState(instanceId: string, output: unknown, more: Partial<InstanceState> = {}): InstanceState {
  return runningState(instanceId, { status: 'Completed', output: JSON.stringify(output), completedAt: '2030-01-01T00:00:05.000Z', ...more })
}

export class FakeService implements OrchestrationService {
  readonly name = 'fake'
  readonly clock = new FakeClock()
  readonly host: OrchestrationService['host']
  readonly capabilities: OrchestrationService['capabilities'] = {
    commit: 'atomic',
    query: false,
    purge: false,
    history: false,
    rewind: false,
    quarantine: false,
    scale: false,
    uniqueStart: true,
    exactlyOnceEvents: true,
    historyAfterCompletion: true,
    cacheValidation: false,
    entities: false,
    timerGranularityMs: 0,
    maxPayloadBytes: 1000,
  }
  readonly states = new Map<string, InstanceState>()
  /** Names of the calls, in order. */
  readonly calls: string[] = []
  /** Requests to create, also those that failed. */
  readonly created: CreateRequest[] = []
  readonly sent: OutboundMessage[] = []
  /** Taken one after the other: what `create` answers; then `created`. */
  readonly creates: CreateResult[] = []
  /** Taken one after the other: what the next calls of any port throw. */
  readonly failures: Error[] = []
  readonly client: ClientPort

  constructor(host: Host = {}) {
    this.host = resolveHost({ clock: this.clock, random: seededRandom(1), ...host })
    this.client = {
      create: (request) => {
        this.created.push(request)
        return this.#call('create', () => this.creates.shift() ?? { outcome: 'created' })
      },
      send: (messages) => this.#call('send', () => void this.sent.push(...messages)),
      getState: (instanceId, { payloads }) => this.#call(payloads ? 'getState+' : 'getState', () => this.states.get(instanceId)),
    }
  }

  createHub(): Promise<void> {
    return this.#call('createHub', () => {})
  }
  deleteHub(): Promise<void> {
    return Promise.resolve()
  }
  startWorker(): Promise<never> {
    return Promise.reject(new Error('no workers here'))
  }
  close(): Promise<void> {
    return Promise.resolve()
  }

  get sentEvents(): readonly HistoryEvent[] {
    return this.sent.map((each) => each.message.event)
  }

  async #call<T>(name: string, run: () => T): Promise<T> {
    this.calls.push(name)
    const failure = this.failures.shift()
    if (failure !== undefined) throw failure
    return run()
  }
}
