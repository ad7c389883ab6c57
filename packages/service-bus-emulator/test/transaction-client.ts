/**
 * A client with transactions, which the official one lacks: raw AMQP, all links on one session, the coordinator first, as .NET does it.
 * Writes what rhea has no words for: the coordinator's target, declarations and discharges, transactional states.
 */
import { createRequire } from 'node:module'
import rhea from 'rhea'
import type { ServiceBusEmulator } from '@dtfx/service-bus-emulator'

interface Typed {
  readonly value: unknown
  readonly descriptor?: { readonly value: unknown }
}
interface RawDelivery {
  readonly id: number
  remote_state: unknown
  readonly link: RawLink
  update(settled: boolean, state: unknown): void
}
interface RawLink {
  readonly name: string
  readonly local: { attach: { target: unknown } }
  on(event: string, listener: (context: { delivery: RawDelivery; message: { body: { content: Buffer }; application_properties: Record<string, unknown> } }) => void): void
  once: RawLink['on']
  removeListener: RawLink['on']
  send(payload: Buffer, tag: undefined, format: number): RawDelivery
  attach(): void
  set_source(fields: object): void
  add_credit(count: number): void
  readonly error: { condition: string } | undefined
}
interface RawSession {
  readonly outgoing: { readonly next_delivery_id: number }
  begin(): void
  output(frame: { delivery_id?: number; value: unknown[] }, payload?: Buffer): void
  create_sender(name: string, options: object): RawLink
  attach_sender(options: object): RawLink
  attach_receiver(options: object): RawLink
}

const raw = rhea as unknown as {
  create_container(): { connect(options: object): { create_session(): RawSession; close(): void; once(event: string, listener: () => void): void; on(event: string, listener: () => void): void } }
  types: { wrap(value: unknown): Typed; wrap_ulong(value: number): Typed; wrap_list(value: unknown[]): Typed; wrap_binary(value: Buffer): Typed; wrap_boolean(value: boolean): Typed; wrap_string(value: string): Typed; described_nc(descriptor: Typed, value: Typed): Typed; List32(items: Typed[]): Typed; Writer: new () => { write(value: Typed): void; toBuffer(): Buffer } }
  message: { encode(message: object): Buffer; accepted(): { described(): Typed } }
}
const { types, message } = raw
const frames = createRequire(import.meta.url)('rhea/lib/frames.js') as { transfer(fields: object): { constructor: unknown } }

const described = (code: number, items: Typed[]): Typed => types.described_nc(types.wrap_ulong(code), types.List32(items))
export const accepted = (): Typed => message.accepted().described()
/** `undeliverableHere`: deferred; else abandoned. */
export const modified = (undeliverableHere: boolean): Typed => described(0x27, [types.wrap_boolean(true), types.wrap_boolean(undeliverableHere)])

export class TransactionClient {
  readonly #session: RawSession
  readonly #connection: { close(): void }
  /** States of transfers that are about to be written. */
  readonly #states = new Map<number, Typed>()
  #coordinator!: RawLink
  #requests = 0

  private constructor(connection: ReturnType<ReturnType<typeof raw.create_container>['connect']>) {
    this.#connection = connection
    this.#session = connection.create_session()
    this.#session.begin()
    const output = this.#session.output
    const transferType = frames.transfer({}).constructor
    this.#session.output = (frame, payload) => {
      const state = frame.constructor === transferType ? this.#states.get(frame.delivery_id!) : undefined
      if (state !== undefined) frame.value[7] = state
      output.call(this.#session, frame, payload)
    }
  }

  static async connect(emulator: ServiceBusEmulator): Promise<TransactionClient> {
    const connection = raw.create_container().connect({ host: emulator.host, port: emulator.port, username: 'RootManageSharedAccessKey', password: 'SAS_KEY_VALUE', reconnect: false })
    connection.on('disconnected', () => undefined)
    await new Promise<void>((done) => connection.once('connection_open', done))
    const client = new TransactionClient(connection)
    const coordinator = client.#session.create_sender('coordinator', {})
    coordinator.set_source({})
    coordinator.local.attach.target = types.described_nc(types.wrap_ulong(0x30), types.wrap_list([]))
    coordinator.attach()
    client.#coordinator = await opened(coordinator, 'sender')
    return client
  }

  close(): void {
    this.#connection.close()
  }

  sender(queue: string, properties: object = {}): Promise<RawLink> {
    return opened(this.#session.attach_sender({ name: `to-${queue}-${++this.#requests}`, target: { address: queue }, ...properties }), 'sender')
  }

  async receive(queue: string, count: number, sessionId?: string | null): Promise<{ link: RawLink; deliveries: RawDelivery[] }> {
    const filter = sessionId === undefined ? {} : { filter: { 'com.microsoft:session-filter': sessionId } }
    const link = this.#session.attach_receiver({ name: `from-${queue}`, source: { address: queue, ...filter }, rcv_settle_mode: 1, autoaccept: false, credit_window: 0 })
    await opened(link, 'receiver')
    const deliveries: RawDelivery[] = []
    return new Promise((done) => {
      link.on('message', ({ delivery }) => deliveries.push(delivery) === count && done({ link, deliveries }))
      link.add_credit(count)
    })
  }

  async declare(): Promise<Buffer> {
    const state = (await this.#send(this.#coordinator, body(0x31, [types.wrap(null)]))) as Typed
    return (state.value as Typed[])[0]!.value as Buffer
  }

  /** The condition it was refused for, if it was. */
  async discharge(id: Buffer, fails: boolean): Promise<string | undefined> {
    return conditionOf(await this.#send(this.#coordinator, body(0x32, [types.wrap_binary(id), types.wrap_boolean(fails)])))
  }

  async send(link: RawLink, text: string, id: Buffer | undefined, properties: object = {}): Promise<string | undefined> {
    return conditionOf(await this.#send(link, message.encode({ body: text, ...properties }), id))
  }

  settle(delivery: RawDelivery, id: Buffer, outcome: Typed): void {
    delivery.update(false, described(0x34, [types.wrap_binary(id), outcome]))
  }

  /** Status of a request to a queue. */
  async request(queue: string, operation: string, requestBody: object, linkName: string | undefined, id: Buffer | undefined): Promise<number> {
    const address = `${queue}/$management`
    const replyTo = `reply-${++this.#requests}`
    const sender = await opened(this.#session.attach_sender({ name: `request-${this.#requests}`, target: { address } }), 'sender')
    const receiver = await opened(this.#session.attach_receiver({ name: replyTo, source: { address }, target: { address: replyTo } }), 'receiver')
    const answer = new Promise<number>((done) => receiver.once('message', (context) => done(context.message.application_properties['statusCode'] as number)))
    const names = linkName === undefined ? {} : { 'associated-link-name': linkName }
    await this.#send(sender, message.encode({ message_id: replyTo, reply_to: replyTo, body: requestBody, application_properties: { operation: `com.microsoft:${operation}`, ...names } }), id)
    return answer
  }

  async #send(link: RawLink, payload: Buffer, id?: Buffer): Promise<unknown> {
    if (id !== undefined) this.#states.set(this.#session.outgoing.next_delivery_id, described(0x34, [types.wrap_binary(id), types.wrap(null)]))
    const delivery = link.send(payload, undefined, 0)
    return new Promise((done) => {
      const listener = ({ delivery: settled }: { delivery: RawDelivery }): void => {
        if (settled !== delivery) return
        link.removeListener('settled', listener)
        done(delivery.remote_state)
      }
      link.on('settled', listener)
    })
  }
}

function opened(link: RawLink, kind: string): Promise<RawLink> {
  return new Promise((done, failed) => {
    link.once(`${kind}_open`, () => done(link))
    link.once(`${kind}_error`, () => failed(new Error(link.error!.condition)))
  })
}

function body(code: number, items: Typed[]): Buffer {
  const writer = new types.Writer()
  writer.write(types.List32(items))
  return Buffer.concat([Buffer.from([0, 0x53, 0x77, 0, 0x53, code]), writer.toBuffer()])
}

const conditionOf = (state: unknown): string | undefined => (state as { error?: { condition: string } } | undefined)?.error?.condition
