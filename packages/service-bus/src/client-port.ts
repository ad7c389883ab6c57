/**
 * The client's door: starts, messages, states.
 * Invariants: of many starters of an id one claims it, by one conditional write; its messages are sent after the claim, and again by whoever finds the claim: their ids make that harmless. Without an instance
 * store there are no claims: a start is a message, and its state cannot be read.
 */
import { AmbiguousCommitError, dtfxError, isFinal, pendingState, startMessages, TransientError, type ClientPort, type CreateRequest, type CreateResult, type InstanceId, type InstanceState, type OutboundMessage } from '@dtfx/core/provider'
import type { InstanceWatchers } from '@dtfx/azure-common'
import type { HubParts } from './hub-parts.js'
import type { InstanceStore, StoredInstance } from './tracking/instance-store.js'
import type { JumpStarts } from './tracking/jump-start.js'
import type { RecentEnds } from './tracking/recent-ends.js'

/** How often a claim is tried anew because others write the same row. */
const maxClaims = 10

export interface ClientParts {
  readonly parts: HubParts
  readonly watchers: InstanceWatchers
  readonly ends: RecentEnds
  readonly jumpStarts: JumpStarts | undefined
  /** Why the service refuses calls: it is closed. */
  readonly isClosed: () => boolean
}

export class ServiceBusClientPort implements ClientPort {
  readonly #watched = new WeakMap<AbortSignal, number>()

  constructor(readonly of: ClientParts) {}

  async create(request: CreateRequest): Promise<CreateResult> {
    this.#check()
    const { parts, jumpStarts } = this.of
    const messages = startMessages(request)
    const { store } = parts
    if (store === undefined || jumpStarts === undefined) {
      await parts.sender.send(messages)
      return { outcome: 'created' }
    }
    const state = pendingState(request.start)
    await jumpStarts.record(state, request.start.id)
    const result = await this.#claim(store, request, messages)
    if (result.outcome !== 'exists') await parts.sender.send(messages)
    jumpStarts.forget(state)
    return result
  }

  async send(messages: readonly OutboundMessage[]): Promise<void> {
    this.#check()
    await this.of.parts.sender.send(messages)
  }

  async getState(instanceId: InstanceId, options: { readonly payloads: boolean }): Promise<InstanceState | undefined> {
    this.#check()
    const { store } = this.of.parts
    if (store === undefined) throw dtfxError('DTFX_NOT_SUPPORTED', { provider: 'service-bus', what: 'states without an instance store' })
    const whole = this.of.ends.get(instanceId) ?? (await store.read(instanceId, options))?.state
    if (whole === undefined) return store.readDotnetState(instanceId, options)
    if (options.payloads) return whole
    const { input: _input, output: _output, ...state } = whole
    return state
  }

  watch(instanceId: InstanceId, signal: AbortSignal): Promise<boolean> {
    if (this.of.isClosed()) return Promise.reject(dtfxError('DTFX_CLOSED'))
    const round = this.#watched.get(signal) ?? 0
    this.#watched.set(signal, round + 1)
    return this.of.watchers.watch(instanceId, signal, round)
  }

  async #claim(store: InstanceStore, { start, reuse }: CreateRequest, messages: readonly OutboundMessage[]): Promise<CreateResult> {
    const { instanceId } = start.message.instance
    const claim = { state: pendingState(start), startMessageId: start.id, startMessages: messages }
    if (this.of.parts.settings.dotnetClients) {
      const known = await store.readDotnetState(instanceId, { payloads: false })
      const isFree = known === undefined || (reuse === 'replaceFinished' && isFinal(known.status)) || (await store.read(instanceId, { payloads: false })) !== undefined
      if (!isFree && known !== undefined) return { outcome: 'exists', state: known }
    }
    let found: StoredInstance | undefined
    for (let tried = 0; tried < maxClaims; tried++) {
      if (found === undefined || (reuse === 'replaceFinished' && found.startMessageId !== start.id && isFinal(found.state.status))) {
        if (await this.#tryClaim(store, claim, found)) return { outcome: found === undefined ? 'created' : 'replaced' }
        found = await store.read(instanceId)
        continue
      }
      // The same call again: its messages may not have been sent the first time.
      if (found.startMessageId === start.id) return { outcome: 'created' }
      if (found.state.status === 'Pending') await this.of.parts.sender.send(found.startMessages)
      return { outcome: 'exists', state: found.state }
    }
    throw new TransientError(`starting '${instanceId}'`, 'others start and end it again and again')
  }

  /** A write of unknown result is looked at by the caller, who reads the row. */
  async #tryClaim(store: InstanceStore, claim: Parameters<InstanceStore['claim']>[0], over: StoredInstance | undefined): Promise<boolean> {
    try {
      return await store.claim(claim, over)
    } catch (error) {
      if (error instanceof AmbiguousCommitError) return false
      throw error
    }
  }

  #check(): void {
    if (this.of.isClosed()) throw dtfxError('DTFX_CLOSED')
  }
}
