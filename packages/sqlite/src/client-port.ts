/** The client's door: starts, messages, states. A start is one operation: the state, the messages, and the proof that nobody else has the id. */
import { isFinal, startMessages, type ClientPort, type CreateRequest, type CreateResult, type InstanceId, type InstanceState, type OrchestrationStatus, type OutboundMessage } from '@dtfx/core/provider'
import type { Transaction } from './file/transaction.js'
import { checkOpen, type HubAccess } from './hub-access.js'
import type { InstanceChanges } from './instances/instance-changes.js'
import { readState } from './instances/read-state.js'
import { writePending } from './instances/write-state.js'
import { postMessage } from './messages/post-message.js'
import { instanceSql } from './sql/instance-sql.js'
import { columnOf } from './sql/text-column.js'

interface FoundRow {
  readonly key: number
  readonly status: OrchestrationStatus | null
  readonly start_id: string | null
}

/** The hub, and who waits for its instances. */
export interface ClientHub extends HubAccess {
  readonly changes: InstanceChanges
  watch(instanceId: InstanceId, signal: AbortSignal): Promise<boolean>
}

export class SqliteClientPort implements ClientPort {
  constructor(readonly hub: ClientHub) {}

  async create(request: CreateRequest): Promise<CreateResult> {
    checkOpen(this.hub)
    return this.hub.write((transaction) => this.#create(transaction, request))
  }

  async send(messages: readonly OutboundMessage[]): Promise<void> {
    const { hub } = this
    checkOpen(hub)
    await hub.write((transaction) => {
      for (const message of messages) postMessage({ hub, transaction, sender: undefined }, message)
    })
  }

  async getState(instanceId: InstanceId, options: { readonly payloads: boolean }): Promise<InstanceState | undefined> {
    const { hub } = this
    checkOpen(hub)
    const found = await hub.file.read((sql) => readState(sql, instanceId, options))
    hub.changes.saw(instanceId, found?.number)
    return found?.state
  }

  async watch(instanceId: InstanceId, signal: AbortSignal): Promise<boolean> {
    checkOpen(this.hub)
    return this.hub.watch(instanceId, signal)
  }

  #create(transaction: Transaction, request: CreateRequest): CreateResult {
    const { sql } = transaction
    const { hub } = this
    const { start, reuse } = request
    const { instanceId } = start.message.instance
    const row = sql.get<FoundRow>(instanceSql.find, columnOf(instanceId))
    const status = row?.status ?? undefined
    if (status !== undefined) {
      if (row?.start_id === start.id) return { outcome: 'created' }
      if (reuse !== 'replaceFinished' || !isFinal(status)) return { outcome: 'exists', state: readState(sql, instanceId, { payloads: true })?.state as InstanceState }
    }
    writePending(sql, start, row?.key)
    for (const message of startMessages(request)) postMessage({ hub, transaction, sender: undefined }, message)
    transaction.onCommit(() => hub.instanceChanged(instanceId))
    return { outcome: status === undefined ? 'created' : 'replaced' }
  }
}
