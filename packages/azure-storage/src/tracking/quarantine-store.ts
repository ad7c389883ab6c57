/**
 * Messages that were set aside, in a table of the hub that .NET does not know: the text as it was in its queue, with the reason.
 * Invariants: set aside twice under one id is set aside once; put back into its queue before it leaves the table.
 */
import { dtfxError, ticksFromMs, type MessageId, type QuarantinedMessage, type QuarantinePort } from '@dtfx/core/provider'
import type { TableClient } from '@azure/data-tables'
import type { MessageBlobs } from '../messages/message-blobs.js'
import type { MessageSender } from '../messages/message-sender.js'
import { decodeQueueMessage } from '../messages/queue-message.js'
import { binaryCell, dateCell, entityOf, escapeKey, once, outcomeOf, repeat, type RepeatHost, storedRow, type StoredRow, textCell, ticksOf, unescapeKey } from '@dtfx/azure-common'

export interface SetAsideMessage {
  readonly id: MessageId
  /** Name of the queue it came from. */
  readonly queue: string
  readonly text: string
  readonly code: string
  readonly reason: string
}

export interface QuarantineParts {
  readonly table: TableClient
  readonly host: RepeatHost
  readonly blobs: MessageBlobs
  readonly sender: MessageSender
}

const partitionKey = 'messages'
const maxReasonLength = 8_000
const filter = `PartitionKey eq '${partitionKey}'`

export class QuarantineStore implements QuarantinePort {
  constructor(readonly parts: QuarantineParts) {}

  async add({ id, queue, text, code, reason }: SetAsideMessage): Promise<void> {
    const { table, host } = this.parts
    const body = Buffer.from(text, 'utf8')
    const columns = { Queue: queue, Body: { type: 'Binary', value: body.toString('base64') }, Code: code, Reason: reason.slice(0, maxReasonLength), QuarantinedAt: dateCell(ticksFromMs(host.clock.nowMs())) } as const
    await repeat('setting a message aside', host, () => table.upsertEntity(entityOf({ partitionKey, rowKey: escapeKey(id), columns }), 'Replace'))
  }

  async *list(): AsyncIterable<QuarantinedMessage> {
    const { table } = this.parts
    const entities = table.listEntities({ queryOptions: { filter }, disableTypeConversion: true })[Symbol.asyncIterator]()
    for (;;) {
      const { done, value } = await once('reading the messages that were set aside', () => entities.next())
      if (done === true) return
      yield await this.#describe(storedRow(value))
    }
  }

  async replay(id: MessageId): Promise<boolean> {
    const row = await this.#find(id)
    const queue = textCell(row?.columns['Queue'])
    if (row === undefined || queue === undefined) return false
    await this.parts.sender.sendText(queue, textOf(row))
    return this.delete(id)
  }

  async delete(id: MessageId): Promise<boolean> {
    const { table, host } = this.parts
    try {
      await repeat('deleting a message that was set aside', host, () => table.deleteEntity(partitionKey, escapeKey(id)))
      return true
    } catch (error) {
      if (outcomeOf(error) === 'missing') return false
      throw error
    }
  }

  async #find(id: MessageId): Promise<StoredRow | undefined> {
    const { table, host } = this.parts
    try {
      return storedRow(await repeat('reading a message that was set aside', host, () => table.getEntity(partitionKey, escapeKey(id), { disableTypeConversion: true })))
    } catch (error) {
      if (outcomeOf(error) === 'missing') return undefined
      throw error
    }
  }

  async #describe(row: StoredRow): Promise<QuarantinedMessage> {
    const id = unescapeKey(row.rowKey)
    const message = await this.#decode(textOf(row), id)
    const { Code: code, Reason: reason, QuarantinedAt: at } = row.columns
    return {
      id,
      instanceId: message?.instance.instanceId,
      message,
      code: textCell(code) ?? 'DTFX_POISON',
      reason: textCell(reason) ?? '',
      quarantinedAt: ticksOf(at) ?? missingTime(id),
    }
  }

  async #decode(text: string, id: MessageId): Promise<QuarantinedMessage['message']> {
    const read = decodeQueueMessage(text, id)
    if (read.kind !== 'blob') return read.kind === 'message' ? read.message.message : undefined
    const json = await this.parts.blobs.get(read.blobName).catch(() => undefined)
    const whole = json === undefined ? undefined : decodeQueueMessage(json, id)
    return whole?.kind === 'message' ? whole.message.message : undefined
  }
}

function textOf({ columns }: StoredRow): string {
  return Buffer.from(binaryCell(columns['Body']) ?? []).toString('utf8')
}

function missingTime(id: MessageId): never {
  throw dtfxError('DTFX_WIRE_INVALID', { what: `message '${id}' that was set aside`, problem: "it has no column 'QuarantinedAt'" })
}
