/** A hub as others see it: the messages of its queues, the states of its sessions, through the official client. What it sends has the form that .NET's clients and workers give it. */
import { ServiceBusClient, type ServiceBusMessage, type ServiceBusReceivedMessage } from '@azure/service-bus'
import { gunzipSync } from 'node:zlib'
import type { WireObject } from '@dtfx/core/provider'
import Long from 'long'
import { afterAll } from 'vitest'
import type { Bed } from './bed.js'

export type Role = 'orchestrator' | 'worker' | 'tracking'

export interface SeenMessage {
  readonly raw: ServiceBusReceivedMessage
  readonly sessionId: string | undefined
  /** As `ExecutionStarted`. */
  readonly type: string
  /** .NET's TaskMessage. */
  readonly body: WireObject
  readonly event: WireObject
}

export class HubView {
  readonly client: ServiceBusClient

  constructor(
    connectionString: string,
    readonly hub: string,
  ) {
    this.client = new ServiceBusClient(connectionString, { retryOptions: { maxRetries: 0, timeoutInMs: 30_000 } })
  }

  /** All messages of a queue in their order: waiting, locked and scheduled ones. */
  async peek(role: Role, subQueueType?: 'deadLetter'): Promise<readonly SeenMessage[]> {
    const receiver = this.client.createReceiver(`${this.hub}/${role}`, { skipParsingBodyAsJson: true, ...(subQueueType === undefined ? undefined : { subQueueType }) })
    const found: ServiceBusReceivedMessage[] = []
    try {
      for (let from = Long.ONE; ; from = Long.fromValue(found.at(-1)?.sequenceNumber ?? 0).add(1)) {
        const page = await receiver.peekMessages(250, { fromSequenceNumber: from })
        found.push(...page)
        if (page.length === 0) return found.map(seenMessage)
      }
    } finally {
      await receiver.close()
    }
  }

  /** `ExecutionStarted a`, with the session of a message that has one. */
  async names(role: Role): Promise<readonly string[]> {
    return (await this.peek(role)).map(({ type, sessionId }) => (sessionId === undefined ? type : `${type} ${sessionId}`))
  }

  /** Undefined: none is stored. Waits until nobody holds the session. */
  async state(sessionId: string, role: Role = 'orchestrator'): Promise<WireObject | undefined> {
    return this.withSession(sessionId, role, async (session) => {
      const value = (await session.getSessionState()) as Buffer | WireObject | null
      if (!Buffer.isBuffer(value)) return value ?? undefined
      return value.length === 0 ? undefined : (JSON.parse((value[0] === 0x1f ? gunzipSync(value) : value).toString('utf8')) as WireObject)
    })
  }

  async setState(sessionId: string, value: Buffer): Promise<void> {
    await this.withSession(sessionId, 'orchestrator', (session) => session.setSessionState(value))
  }

  /** Nobody else gets the session, which need not exist yet, until the function that is given back is called. */
  async hold(role: Role, sessionId: string): Promise<() => Promise<void>> {
    const session = await this.client.acceptSession(`${this.hub}/${role}`, sessionId, { maxAutoLockRenewalDurationInMs: 0 })
    return () => session.close()
  }

  async withSession<T>(sessionId: string, role: Role, use: (session: Awaited<ReturnType<ServiceBusClient['acceptSession']>>) => Promise<T>): Promise<T> {
    const endMs = Date.now() + 40_000
    for (;;) {
      try {
        const session = await this.client.acceptSession(`${this.hub}/${role}`, sessionId, { maxAutoLockRenewalDurationInMs: 0 })
        try {
          return await use(session)
        } finally {
          await session.close()
        }
      } catch (error) {
        if ((error as { code?: string }).code !== 'SessionCannotBeLocked' || Date.now() > endMs) throw error
      }
    }
  }

  async send(role: Role, ...messages: readonly ServiceBusMessage[]): Promise<void> {
    const sender = this.client.createSender(`${this.hub}/${role}`)
    for (const message of messages) await sender.sendMessages(message)
    await sender.close()
  }

  /** As .NET sends it: JSON in the body, and how it is compressed. */
  async sendAsDotnet(role: Role, body: WireObject | string, options: Partial<ServiceBusMessage> = {}): Promise<void> {
    await this.send(role, { body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), applicationProperties: { CompressionType: 'none' }, ...options })
  }

  close(): Promise<void> {
    return this.client.close()
  }
}

function seenMessage(raw: ServiceBusReceivedMessage): SeenMessage {
  const bytes = raw.body as Buffer
  let body: WireObject = {}
  try {
    body = JSON.parse((bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString('utf8')) as WireObject
  } catch {
    // Not for us.
  }
  const event = (body['Event'] ?? {}) as WireObject
  const type = /\.(\w+?)(Event)?,/.exec(String(event['$type']))?.[1] ?? 'unreadable'
  return { raw, sessionId: raw.sessionId, type, body, event }
}

/** Views of hubs on the bed of a file, closed behind its tests. */
export function useViews(bed: Bed): (hub: string) => HubView {
  const views: HubView[] = []
  afterAll(async () => {
    await Promise.all(views.map((view) => view.close()))
  })
  return (hub) => {
    const view = new HubView(bed.busConnectionString, hub)
    views.push(view)
    return view
  }
}
