/**
 * A .NET process on a hub, to the letter of DurableTask.AzureStorage 2.9: what it puts into queues, tables and blobs, and how it reads them. Written against the reference, not with the code under test:
 * plain JSON in queues, no member or column of ours, blobs by .NET's names.
 */
import { randomUUID } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { DequeuedMessageItem } from '@azure/storage-queue'
import { type Cell, type Row, storedRow, type StoredRow } from '@dtfx/azure-common'
import { DotnetClients } from './dotnet-clients.js'

export type Json = Readonly<Record<string, unknown>>

/** `MessageData` as a .NET reader sees it. */
export interface DotnetMessage {
  readonly TaskMessage: { readonly Event: Json & { readonly $type: string }; readonly OrchestrationInstance: { readonly InstanceId: string; readonly ExecutionId: string | null } }
  readonly Episode?: number
  readonly Sender: { readonly InstanceId: string; readonly ExecutionId: string }
}

export interface Received {
  readonly item: DequeuedMessageItem
  readonly message: DotnetMessage
}

export interface Outgoing {
  readonly instanceId: string
  readonly executionId: string | null
  /** Short class name and number of the event, and its members. */
  readonly type: string
  readonly eventType: number
  readonly members: Json
  readonly eventId?: number
  readonly sender?: { readonly InstanceId: string; readonly ExecutionId: string }
  readonly episode?: number
  readonly tags?: boolean
}

const core = 'DurableTask.Core.'
const dictionary = 'System.Collections.Generic.Dictionary`2[[System.String, System.Private.CoreLib],[System.String, System.Private.CoreLib]]'
const maxQueueBytes = 45 * 1024
const maxColumnBytes = 60 * 1024

export class DotnetHub {
  readonly clients: DotnetClients
  #sequence = 0

  constructor(
    connectionString: string,
    readonly hub: string,
    readonly partitionCount: number,
  ) {
    this.clients = new DotnetClients(connectionString)
  }

  get lower(): string {
    return this.hub.toLowerCase()
  }

  get workItems(): string {
    return `${this.lower}-workitems`
  }

  controlQueue(instanceId: string): string {
    let hash = 0x811c9dc5
    for (const byte of Buffer.from(instanceId, 'utf8')) hash = Math.imul(hash ^ byte, 16777619) >>> 0
    return `${this.lower}-control-${String(hash % this.partitionCount).padStart(2, '0')}`
  }

  async put(queue: string, out: Outgoing): Promise<void> {
    const activityId = randomUUID()
    const json = this.#json(out, activityId)
    let text = json
    if (Buffer.byteLength(json) > maxQueueBytes) {
      const blobName = `${out.instanceId}/message-${activityId.replaceAll('-', '')}-${out.type.replace(/Event$/, '')}.json.gz`
      await this.putBlob(blobName, json)
      text = JSON.stringify({ $type: 'DurableTask.AzureStorage.MessageData', ActivityId: '00000000-0000-0000-0000-000000000000', TaskMessage: null, CompressedBlobName: blobName, SequenceNumber: 0, Sender: null, SerializableTraceContext: null })
    }
    await this.clients.queue(queue).sendMessage(text, { messageTimeToLive: -1 })
  }

  /** `count` at most; what cannot be read is left hidden, as .NET leaves it. */
  async receive(queue: string, count: number): Promise<readonly Received[]> {
    const { receivedMessageItems: items } = await this.clients.queue(queue).receiveMessages({ numberOfMessages: count, visibilityTimeout: 300 })
    return Promise.all(items.map(async (item) => ({ item, message: await this.#read(item.messageText) })))
  }

  async delete(queue: string, { messageId, popReceipt }: DequeuedMessageItem): Promise<void> {
    await this.clients.queue(queue).deleteMessage(messageId, popReceipt)
  }

  async abandon(queue: string, { messageId, popReceipt, messageText, dequeueCount }: DequeuedMessageItem): Promise<void> {
    await this.clients.queue(queue).updateMessage(messageId, popReceipt, messageText, Math.min(2 ** dequeueCount, 600))
  }

  async rows(table: 'History' | 'Instances' | 'Partitions', filter: string): Promise<StoredRow[]> {
    const rows: StoredRow[] = []
    for await (const entity of this.clients.table(`${this.hub}${table}`).listEntities({ queryOptions: { filter }, disableTypeConversion: true })) rows.push(storedRow(entity))
    return rows
  }

  /** A column, from its blob where it has one. */
  async column(columns: Row, name: string): Promise<string | undefined> {
    const blob = columns[`${name}BlobName`]
    if (typeof blob === 'string' && blob !== '') return this.getBlob(blob)
    const text = columns[name]
    return typeof text === 'string' ? text : undefined
  }

  /** `columns` with what is too large in blobs. */
  async withBlobs(columns: Row, partitionKey: string, rowKey: string): Promise<Row> {
    const stored: Record<string, Cell> = { ...columns }
    for (const name of ['Name', 'Input', 'Result', 'Reason', 'Details']) {
      const text = columns[name]
      if (typeof text !== 'string' || text.length * 2 <= maxColumnBytes) continue
      const blobName = `${partitionKey}/history-${rowKey}-${String(columns['EventType'])}-${randomUUID().slice(0, 8).toUpperCase()}-${name}.json.gz`
      await this.putBlob(blobName, text)
      stored[name] = ''
      stored[`${name}BlobName`] = blobName
    }
    return stored
  }

  urlOf(blobName: string): string {
    return `${this.#container.url}/${blobName.split('/').map(encodeURIComponent).join('/')}`
  }

  /** A payload of an Instances row: itself, or what is behind its URL. */
  async payload(text: string): Promise<string> {
    const prefix = `${this.#container.url}/`
    if (!text.startsWith(prefix)) return text
    const whole = await this.getBlob(decodeURIComponent(text.slice(prefix.length)))
    if (!text.endsWith('ExecutionStarted.json.gz')) return whole
    return String((JSON.parse(whole) as DotnetMessage).TaskMessage.Event['Input'])
  }

  async putBlob(name: string, text: string): Promise<void> {
    await this.#container.createIfNotExists()
    const body = gzipSync(text)
    await this.#container.getBlockBlobClient(name).upload(body, body.length)
  }

  async getBlob(name: string): Promise<string> {
    return gunzipSync(await this.#container.getBlockBlobClient(name).downloadToBuffer()).toString('utf8')
  }

  get #container(): ReturnType<DotnetClients['container']> {
    return this.clients.container(`${this.lower}-largemessages`)
  }

  #json({ instanceId, executionId, type, eventType, members, eventId = -1, sender, episode, tags = false }: Outgoing, activityId: string): string {
    const { OrchestrationInstance: own, ...others } = members
    const event = { $type: `${core}History.${type}`, ...(own === undefined ? undefined : { OrchestrationInstance: own }), EventType: eventType, ...others, EventId: eventId, IsPlayed: false, Timestamp: now() }
    const context = tags ? { $type: `${core}OrchestrationExecutionContext`, OrchestrationTags: { $type: dictionary } } : null
    return JSON.stringify({
      $type: 'DurableTask.AzureStorage.MessageData',
      ActivityId: activityId,
      TaskMessage: { $type: `${core}TaskMessage`, Event: event, SequenceNumber: 0, OrchestrationInstance: instanceOf(instanceId, executionId), OrchestrationExecutionContext: context },
      CompressedBlobName: null,
      SequenceNumber: ++this.#sequence,
      ...(episode === undefined ? undefined : { Episode: episode }),
      Sender: sender ?? { InstanceId: '', ExecutionId: '' },
      SerializableTraceContext: null,
    })
  }

  async #read(text: string): Promise<DotnetMessage> {
    const json = text.startsWith('{') ? text : Buffer.from(text, 'base64').toString('utf8')
    const direct = JSON.parse(json) as DotnetMessage & { readonly CompressedBlobName: string | null }
    const message = direct.CompressedBlobName === null ? direct : (JSON.parse(await this.getBlob(direct.CompressedBlobName)) as DotnetMessage)
    // What a .NET reader dies of.
    const { Event: event } = message.TaskMessage
    if (Object.keys(event)[0] !== '$type') throw new Error('could not create an instance of type DurableTask.Core.History.HistoryEvent')
    if (typeof message.Sender !== 'object' || message.Sender === null) throw new Error('NullReferenceException: Sender')
    return message
  }
}

export function instanceOf(instanceId: string, executionId: string | null): Json {
  return { $type: `${core}OrchestrationInstance`, InstanceId: instanceId, ExecutionId: executionId }
}

/** With seven digits less the zeros at their end, as .NET writes it. */
export function now(): string {
  return new Date().toISOString()
}

export function dateTime(text: string): Cell {
  return { type: 'DateTime', value: text.replace(/(?:\.(\d+))?Z$/, (_all, digits: string = '') => `.${digits.padEnd(7, '0')}Z`) }
}

export function escaped(instanceId: string): string {
  return instanceId.replaceAll('^', '^^').replaceAll('/', '^0').replaceAll('\\', '^1').replaceAll('#', '^2').replaceAll('?', '^3')
}

export function odata(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
