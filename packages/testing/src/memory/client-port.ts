/** The client's door: starts, messages, states. */
import { isFinal, pendingState, startMessages, type ClientPort, type CreateRequest, type CreateResult, type InstanceId, type InstanceState, type OutboundMessage } from '@dtfx/core/provider'
import type { Hub } from './hub.js'
import type { InstanceRecord } from './instance-record.js'
import type { StoreAccess } from './steps.js'
import { frozenMessage, withoutPayloads } from './snapshots.js'

export class MemoryClientPort implements ClientPort {
  constructor(
    readonly hub: Hub,
    /** Why the service refuses calls: it is closed. */
    readonly refusal: () => Error | undefined,
    readonly access: StoreAccess,
  ) {}

  create(request: CreateRequest): Promise<CreateResult> {
    const refused = this.refusal()
    if (refused !== undefined) return Promise.reject(refused)
    return this.hub.commit === 'atomic' ? Promise.resolve(this.#createAtOnce(request)) : this.#createInSteps(request)
  }

  send(messages: readonly OutboundMessage[]): Promise<void> {
    const refused = this.refusal()
    if (refused !== undefined) return Promise.reject(refused)
    if (this.hub.commit !== 'atomic') return this.#sendInSteps(messages)
    for (const message of messages) this.hub.post(message, undefined, this.access.clock)
    this.hub.pump()
    return Promise.resolve()
  }

  getState(instanceId: InstanceId, options: { readonly payloads: boolean }): Promise<InstanceState | undefined> {
    const refused = this.refusal()
    if (refused !== undefined) return Promise.reject(refused)
    const state = this.hub.store.get(instanceId)?.shown
    return Promise.resolve(state === undefined || options.payloads ? state : withoutPayloads(state))
  }

  watch(instanceId: InstanceId, signal: AbortSignal): Promise<boolean> {
    const refused = this.refusal()
    return refused === undefined ? this.hub.store.watch(instanceId, signal) : Promise.reject(refused)
  }

  #createAtOnce(request: CreateRequest): CreateResult {
    const { hub } = this
    const { result, isRepeated } = this.#claim(request)
    if (result.outcome === 'exists' || isRepeated) return result
    for (const message of startMessages(request)) hub.post(message, undefined, this.access.clock)
    hub.pump()
    return result
  }

  /**
   * The instance is claimed, then the messages are sent. Who repeats the call sends them again: they may not have been sent the first time, and have the same ids.
   * So does who finds the instance Pending: its creator may have died between the two.
   */
  async #createInSteps(request: CreateRequest): Promise<CreateResult> {
    const { instanceId } = request.start.message.instance
    const { result } = await this.access.steps.take({ name: 'claim', instanceId }, () => this.#claim(request))
    await this.#sendInSteps(result.outcome === 'exists' ? (this.hub.store.get(instanceId)?.startMessages ?? []) : startMessages(request))
    return result
  }

  async #sendInSteps(messages: readonly OutboundMessage[]): Promise<void> {
    const { hub, access } = this
    for (const message of messages) {
      await access.steps.take({ name: 'send', instanceId: message.message.instance.instanceId }, () => {
        hub.deliver(message, undefined, access.clock)
      })
    }
  }

  #claim(request: CreateRequest): { readonly result: CreateResult; readonly isRepeated: boolean } {
    const { start, reuse } = request
    const record = this.hub.store.obtain(start.message.instance.instanceId)
    const existing = record.state
    if (existing !== undefined) {
      if (record.startMessageId === start.id) return { result: { outcome: 'created' }, isRepeated: true }
      if (reuse !== 'replaceFinished' || !isFinal(existing.status)) return { result: { outcome: 'exists', state: existing }, isRepeated: false }
    }
    this.#store(record, request)
    return { result: { outcome: existing === undefined ? 'created' : 'replaced' }, isRepeated: false }
  }

  #store(record: InstanceRecord, request: CreateRequest): void {
    this.hub.store.write(record, { history: { kind: 'replace', events: [] }, state: pendingState(request.start) })
    this.hub.store.show(record)
    record.startMessageId = request.start.id
    if (this.hub.commit !== 'atomic') record.startMessages = startMessages(request).map((each) => ({ ...each, message: frozenMessage(each.message) }))
    record.checkpointId = undefined
  }
}
