/**
 * The client's door: starts, messages, states.
 * Invariants: of many starters of an id one claims it, by one conditional write; messages of a start are sent after the claim, and again by whoever finds the claim: their ids make that harmless.
 */
import { AmbiguousCommitError, dtfxError, isFinal, pendingState, startMessages, TransientError, type ClientPort, type CreateRequest, type CreateResult, type InstanceId, type InstanceState, type OutboundMessage } from '@dtfx/core/provider'
import { decodeStartMessages, encodeStartMessages } from './messages/start-messages.js'
import type { StoredRowOfInstance } from './tracking/instance-store.js'
import type { WorkerParts } from './worker-parts.js'

/** How often a claim is tried anew because others write the same row. */
const maxClaims = 10

export class AzureClientPort implements ClientPort {
  readonly #watched = new WeakMap<AbortSignal, number>()

  constructor(
    readonly parts: WorkerParts,
    /** Why the service refuses calls: it is closed. */
    readonly isClosed: () => boolean,
  ) {}

  async create(request: CreateRequest): Promise<CreateResult> {
    this.#check()
    const { start, reuse } = request
    const { instanceId } = start.message.instance
    const messages = startMessages(request)
    let found: StoredRowOfInstance | undefined
    for (let tried = 0; tried < maxClaims; tried++) {
      if (found === undefined || (reuse === 'replaceFinished' && found.startMessageId !== start.id && isFinal(found.state.status))) {
        const claimed = await this.#claim(start, messages, found?.etag)
        if (claimed) {
          await this.#sendAll(messages)
          return { outcome: found === undefined ? 'created' : 'replaced' }
        }
        found = await this.parts.instances.read(instanceId)
        continue
      }
      // The same call again: its messages may not have been sent the first time.
      if (found.startMessageId === start.id) {
        await this.#sendAll(messages)
        return { outcome: 'created' }
      }
      if (found.state.status === 'Pending') await this.#sendAll(decodeStartMessages(found.startMessages))
      return { outcome: 'exists', state: found.state }
    }
    throw new TransientError(`starting '${instanceId}'`, 'others start and end it again and again')
  }

  async send(messages: readonly OutboundMessage[]): Promise<void> {
    this.#check()
    await this.#sendAll(messages)
  }

  async getState(instanceId: InstanceId, options: { readonly payloads: boolean }): Promise<InstanceState | undefined> {
    this.#check()
    return (await this.parts.instances.read(instanceId, options))?.state
  }

  watch(instanceId: InstanceId, signal: AbortSignal): Promise<boolean> {
    if (this.isClosed()) return Promise.reject(dtfxError('DTFX_CLOSED'))
    const round = this.#watched.get(signal) ?? 0
    this.#watched.set(signal, round + 1)
    return this.parts.watchers.watch(instanceId, signal, round)
  }

  /** False: the row is another one. A write of unknown result is looked at by the caller, who reads the row. */
  async #claim(start: OutboundMessage, messages: readonly OutboundMessage[], over: string | undefined): Promise<boolean> {
    const claim = { state: pendingState(start), startMessageId: start.id, startMessages: encodeStartMessages(messages) }
    try {
      return (await this.parts.instances.claim(claim, over)) !== undefined
    } catch (error) {
      if (error instanceof AmbiguousCommitError) return false
      throw error
    }
  }

  /** In order where they go to one instance: the queue keeps it as far as it can. */
  async #sendAll(messages: readonly OutboundMessage[]): Promise<void> {
    const { sender, gate } = this.parts
    const [first] = messages
    if (messages.length === 1 && first !== undefined) return gate.pass(() => sender.send(first))
    const byTarget = new Map<string, OutboundMessage[]>()
    for (const message of messages) {
      const key = message.target.kind === 'instance' ? message.target.instanceId : ''
      byTarget.set(key, [...(byTarget.get(key) ?? []), message])
    }
    await gate.all([...byTarget.values()], async (group) => {
      for (const message of group) await sender.send(message)
    })
  }

  #check(): void {
    if (this.isClosed()) throw dtfxError('DTFX_CLOSED')
  }
}
