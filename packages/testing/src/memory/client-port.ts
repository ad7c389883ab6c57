/** The client's door: starts, messages, states. */
import {
  isFinal,
  laterTicks,
  type ClientPort,
  type CreateRequest,
  type CreateResult,
  type ExecutionStartedEvent,
  type InstanceId,
  type InstanceState,
  type OutboundMessage,
  type Ticks,
} from '@dtfx/core/provider'
import type { Hub } from './hub.js'
import type { InstanceRecord } from './instance-record.js'
import { withoutPayloads } from './snapshots.js'

export class MemoryClientPort implements ClientPort {
  constructor(
    readonly hub: Hub,
    /** Why the service refuses calls: it is closed. */
    readonly refusal: () => Error | undefined,
  ) {}

  create(request: CreateRequest): Promise<CreateResult> {
    const refused = this.refusal()
    return refused === undefined ? Promise.resolve(this.#create(request)) : Promise.reject(refused)
  }

  send(messages: readonly OutboundMessage[]): Promise<void> {
    const refused = this.refusal()
    if (refused !== undefined) return Promise.reject(refused)
    for (const message of messages) this.hub.post(message, undefined)
    this.hub.pump()
    return Promise.resolve()
  }

  getState(instanceId: InstanceId, options: { readonly payloads: boolean }): Promise<InstanceState | undefined> {
    const refused = this.refusal()
    if (refused !== undefined) return Promise.reject(refused)
    const state = this.hub.store.get(instanceId)?.state
    return Promise.resolve(state === undefined || options.payloads ? state : withoutPayloads(state))
  }

  watch(instanceId: InstanceId, signal: AbortSignal): Promise<boolean> {
    const refused = this.refusal()
    return refused === undefined ? this.hub.store.watch(instanceId, signal) : Promise.reject(refused)
  }

  #create({ start, messages = [], reuse }: CreateRequest): CreateResult {
    const { hub } = this
    const event = start.message.event as ExecutionStartedEvent
    const record = hub.store.obtain(event.instance.instanceId)
    const existing = record.state
    if (existing !== undefined) {
      if (record.startMessageId === start.id) return { outcome: 'created' }
      if (reuse !== 'replaceFinished' || !isFinal(existing.status)) return { outcome: 'exists', state: existing }
    }
    this.#store(record, start, event)
    hub.post(start, undefined)
    for (const message of messages) hub.post({ ...message, deliverAt: notBefore(start, message) }, undefined)
    hub.pump()
    return { outcome: existing === undefined ? 'created' : 'replaced' }
  }

  #store(record: InstanceRecord, start: OutboundMessage, event: ExecutionStartedEvent): void {
    this.hub.store.write(record, { history: { kind: 'replace', events: [] }, state: pendingState(event, start.deliverAt) })
    record.startMessageId = start.id
    record.checkpointId = undefined
  }
}

/** Messages that come with a start are not to arrive before it. */
function notBefore(start: OutboundMessage, message: OutboundMessage): Ticks | undefined {
  if (start.deliverAt === undefined || message.deliverAt === undefined) return message.deliverAt ?? start.deliverAt
  return laterTicks(start.deliverAt, message.deliverAt)
}

function pendingState(event: ExecutionStartedEvent, deliverAt: Ticks | undefined): InstanceState {
  return {
    instanceId: event.instance.instanceId,
    executionId: event.instance.executionId ?? '',
    name: event.name,
    version: event.version,
    status: 'Pending',
    input: event.input,
    tags: event.tags,
    parent: event.parent,
    generation: event.generation ?? 0,
    createdAt: event.timestamp,
    lastUpdatedAt: event.timestamp,
    scheduledStartAt: deliverAt ?? event.scheduledStartTime,
  }
}
