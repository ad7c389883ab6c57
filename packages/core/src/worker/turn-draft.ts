/**
 * The checkpoint of one work item while it is being made: events, messages and state grow as generations run, and `build` freezes them. Pure apart from its own fields.
 *
 * Invariants:
 * 1. Per generation the events are: OrchestratorStarted, what was admitted, the decisions in order of id, OrchestratorCompleted.
 * 2. Messages of all generations go out; only the last generation's history is stored.
 */
import { limits } from '../base/limits.js'
import type { Ticks } from '../base/ticks.js'
import { nextExecutionId, type Identify } from '../engine/identity.js'
import { replyMessageId } from '../model/message.js'
import { RuntimeState } from '../engine/runtime-state.js'
import { dtfxError } from '../errors/durable-error.js'
import { failureFromError } from '../errors/failure-details.js'
import type { OrchestrationOutcome } from '../authoring/middleware.js'
import type { CompleteAction } from '../model/actions.js'
import { splitTimerId, type ExecutionStartedEvent, type HistoryEvent } from '../model/events.js'
import { isFinal, type InstanceState, type OrchestrationStatus } from '../model/instance.js'
import type { Checkpoint, OutboundMessage } from '../provider/checkpoint.js'
import type { ConsumedIds, InstanceVersion, Settlement } from '../provider/work-items.js'
import { parentNotification } from './notify-parent.js'
import { recordAction } from './record-action.js'
import { terminateChild } from './terminate-children.js'

export interface DraftBase {
  readonly instanceId: string
  /** Stored execution, or undefined when a start replaces it or nothing is stored. */
  readonly runtime: RuntimeState | undefined
  readonly state: InstanceState | undefined
  readonly now: Ticks
  /** The stored history is replaced. */
  readonly replaces: boolean
  readonly identify: Identify
  readonly digestKey?: Uint8Array | undefined
}

export class TurnDraft {
  runtime: RuntimeState
  events: HistoryEvent[] = []
  readonly outbound: OutboundMessage[] = []
  readonly now: Ticks
  customStatus: string | undefined
  #replaces: boolean
  #ordinal = 0
  readonly #turn: number

  constructor(readonly base: DraftBase) {
    this.runtime = base.runtime ?? new RuntimeState(base.instanceId)
    this.now = base.now
    this.#replaces = base.replaces
    this.#turn = this.runtime.count
    this.customStatus = base.replaces || base.runtime === undefined ? undefined : base.state?.customStatus
  }

  get start(): ExecutionStartedEvent {
    return this.runtime.start as ExecutionStartedEvent
  }

  add(event: HistoryEvent): void {
    this.events.push(event)
    this.runtime.apply(event)
  }

  readonly send = (message: OutboundMessage): void => {
    this.outbound.push(message)
  }

  readonly #addEvent = (event: HistoryEvent): void => this.add(event)

  /** Opens a turn: what the code will see as new. */
  open(admitted: readonly HistoryEvent[]): void {
    this.add({ type: 'OrchestratorStarted', eventId: -1, timestamp: this.now })
    for (const event of admitted) this.add(event)
  }

  /** Records an outcome. Returns its completion, if it has one. */
  decide(outcome: OrchestrationOutcome): CompleteAction | undefined {
    this.customStatus = outcome.customStatus
    const to = { start: this.start, now: this.now, identify: this.base.identify, addEvent: this.#addEvent, send: this.send }
    for (const action of outcome.actions) {
      if (action.type === 'Complete') return this.#complete(action)
      recordAction(to, action)
    }
    if (this.runtime.count > limits.maxHistoryEvents) {
      const error = dtfxError('DTFX_HISTORY_TOO_LONG', { instanceId: this.base.instanceId, count: this.runtime.count, limit: limits.maxHistoryEvents })
      return this.#complete({ type: 'Complete', id: this.runtime.nextEventId, status: 'Failed', failure: failureFromError(error) })
    }
    return undefined
  }

  #complete(action: CompleteAction): CompleteAction {
    const { id, status, failure } = action
    if (status === 'ContinuedAsNew') {
      this.add({ type: 'ContinueAsNew', eventId: id, timestamp: this.now, status, result: action.result })
      return action
    }
    const children = status === 'Terminated' && action.recursive === true ? this.runtime.openChildren : []
    this.add({ type: 'ExecutionCompleted', eventId: id, timestamp: this.now, status, result: action.result ?? failure?.errorMessage, failure })
    for (const { instanceId } of children) this.send(terminateChild({ by: this.#next(), instanceId, reason: action.result, now: this.now }))
    const notification = parentNotification(this.start, action, this.now)
    if (notification !== undefined) this.send(notification)
    return action
  }

  /** Identity of a message that no scheduled event stands for. */
  #next() {
    const { base, runtime } = this
    return { instanceId: base.instanceId, executionId: runtime.executionId, turn: this.#turn, ordinal: this.#ordinal++, identify: base.identify }
  }

  /** Turns the draft to the next generation. Returns the events it begins with, not yet added. */
  continueAsNew(action: CompleteAction): HistoryEvent[] {
    const previous = this.start
    const carryOver = action.carryOver ?? []
    const version = action.newVersion ?? previous.version
    const executionId = nextExecutionId({ instanceId: this.base.instanceId, executionId: this.runtime.executionId, input: action.result, version, carryOver }, this.base.digestKey)
    const start: ExecutionStartedEvent = {
      ...previous,
      timestamp: this.now,
      instance: { instanceId: this.base.instanceId, executionId },
      seedExecutionId: undefined,
      version,
      input: action.result,
      scheduledStartTime: undefined,
      generation: (previous.generation ?? 0) + 1,
    }
    this.runtime = new RuntimeState(this.base.instanceId)
    this.events = []
    this.#replaces = true
    return [start, ...carryOver]
  }

  /** The fresh generation is committed without having run; a message to itself makes sure that it will. */
  leaveUnexecuted(): void {
    const { instance } = this.start
    const { instanceId, identify } = this.base
    const wakeUp = identify({ instanceId, executionId: this.runtime.executionId, eventId: -1, kind: 'TimerFired', target: instanceId, turn: 0, ordinal: splitTimerId })
    this.send({
      id: replyMessageId(wakeUp),
      target: { kind: 'instance', instanceId },
      message: { event: { type: 'TimerFired', eventId: -1, timestamp: this.now, timerId: splitTimerId, fireAt: this.now }, instance },
    })
  }

  build(parts: { checkpointId: string; version: InstanceVersion | undefined; settlements: readonly Settlement[]; consumedIds: ConsumedIds | undefined }): Checkpoint {
    this.add({ type: 'OrchestratorCompleted', eventId: -1, timestamp: this.now })
    return {
      executionId: this.runtime.executionId,
      base: parts.version,
      checkpointId: parts.checkpointId,
      settlements: parts.settlements,
      history: { kind: this.#replaces ? 'replace' : 'append', events: this.events },
      outbound: this.outbound,
      state: this.#state(),
      consumedIds: parts.consumedIds,
    }
  }

  #state(): InstanceState {
    const { start, runtime } = this
    const { completion } = runtime
    const status: OrchestrationStatus = runtime.status
    const ended = isFinal(status)
    return {
      instanceId: this.base.instanceId,
      executionId: runtime.executionId,
      name: start.name,
      version: start.version,
      status,
      input: start.input,
      output: ended && status !== 'Failed' ? completion?.result : undefined,
      failure: ended ? completion?.failure : undefined,
      customStatus: this.customStatus,
      tags: start.tags,
      parent: start.parent,
      generation: start.generation ?? 0,
      createdAt: start.timestamp,
      lastUpdatedAt: this.now,
      completedAt: ended ? completion?.timestamp : undefined,
      scheduledStartAt: start.scheduledStartTime,
      extra: this.base.replaces ? undefined : this.base.state?.extra,
    }
  }
}
