/**
 * The parts of rhea that the emulator uses, public and not. rhea is pinned to one version, because it has no public way to: take a message undecoded, answer one delivery at a time, hold an attach back, see transactional states.
 * The only file that knows where they come from.
 */
import { createRequire } from 'node:module'
import type { Socket } from 'node:net'
import rhea from 'rhea'

/** A decoded AMQP value with its type. */
export interface Typed {
  readonly value: unknown
  readonly descriptor?: { readonly value: unknown }
}

export interface AmqpError {
  readonly condition: string
  readonly description: string
}

export interface Terminus {
  readonly address: string | undefined
  readonly filter: Readonly<Record<string, unknown>> | undefined
}

export interface RheaDelivery {
  readonly id: number
  readonly format: number | undefined
  readonly link: RheaLink
  settled: boolean
  remote_settled: boolean
}

export interface RheaLink {
  readonly name: string
  readonly session: RheaSession
  readonly local: { readonly attach: { source: unknown; target: unknown; properties: unknown; max_message_size: number; snd_settle_mode: number; rcv_settle_mode: number } }
  readonly state: { local_open: boolean; remote_open: boolean; open_requests: number }
  readonly source: Terminus | null | undefined
  readonly target: Terminus | null | undefined
  readonly properties: Readonly<Record<string, unknown>> | undefined
  readonly snd_settle_mode: number
  readonly rcv_settle_mode: number
  credit: number
  delivery_count: number
  issue_flow: boolean
  _draining: boolean
  _get_drain(): boolean
  is_sender(): boolean
  set_source(fields: { address?: string | undefined; filter?: object }): void
  set_target(fields: { address?: string | undefined }): void
  open(): void
  close(error?: AmqpError): void
  send(payload: Buffer, tag: Buffer | undefined, format: number): RheaDelivery
}

export interface Frame<Fields> {
  readonly performative: Fields & { readonly value: unknown[] }
}

export interface TransferFields {
  readonly handle: number
  readonly delivery_id: number | undefined
  message_format: number | undefined
}

export interface AttachFields {
  readonly name: string
}

export interface DispositionFields {
  /** The sender of the frame received the deliveries. */
  readonly role: boolean
  readonly first: number
  readonly last: number | undefined
  readonly settled: boolean
  readonly state: Typed | undefined
}

export interface RheaSession {
  readonly connection: RheaConnection
  readonly links: Readonly<Record<string, RheaLink>>
  readonly remote: { readonly handles: Readonly<Record<number, RheaLink>> }
  readonly outgoing: { readonly next_pending_delivery: number; available(): number; process(): void }
  on_transfer(frame: Frame<TransferFields>): void
  on_attach(frame: Frame<AttachFields>): void
  on_disposition(frame: Frame<DispositionFields>): void
  output(frame: object): void
}

export interface RheaConnection {
  readonly container_id: string | undefined
  readonly socket: Socket
  on(event: string, listener: (context: RheaContext) => void): void
  accept(socket: Socket): void
  is_open(): boolean
  close(error?: AmqpError): void
  output(): void
  _register(): void
  _write_frame(channel: number, frame?: object): void
  /** Timers that keep a broken connection alive. */
  heartbeat_out: NodeJS.Timeout | undefined
  heartbeat_in: NodeJS.Timeout | undefined
}

export interface RheaContext {
  readonly connection: RheaConnection
  readonly session: RheaSession
  readonly sender: RheaLink
  readonly receiver: RheaLink
  readonly message: Buffer
  readonly delivery: RheaDelivery
  readonly name?: string
  /** Where the event is an error itself. */
  readonly stack?: string
}

export interface RheaContainer {
  readonly sasl_server_mechanisms: {
    enable_anonymous(): void
    enable_plain(verify: (name: string, key: string) => boolean): void
    [mechanism: string]: unknown
  }
  create_connection(options: object): RheaConnection
}

/** A request or an answer over a pair of links. */
export interface PlainMessage {
  readonly message_id?: unknown
  readonly correlation_id?: unknown
  readonly to?: string
  readonly reply_to?: string
  readonly application_properties?: Readonly<Record<string, unknown>>
  readonly body?: unknown
}

interface Described {
  described(): Typed
}

interface RheaModule {
  create_container(options: object): RheaContainer
  readonly types: {
    wrap(value: unknown): Typed
    wrap_int(value: number): Typed
    wrap_long(value: number | Buffer): Typed
    wrap_ulong(value: number): Typed
    wrap_string(value: string): Typed
    wrap_symbol(value: string): Typed
    wrap_timestamp(value: number): Typed
    wrap_uuid(value: Buffer): Typed
    wrap_binary(value: Buffer): Typed
    wrap_list(value: readonly unknown[]): Typed
    wrap_array(value: readonly unknown[], code: number): Typed
    wrap_error(error: AmqpError): Typed
    List32(items: readonly Typed[]): Typed
    described_nc(descriptor: Typed, value: Typed): Typed
    unwrap(value: unknown): unknown
    Writer: new () => { write(value: Typed): void; toBuffer(): Buffer }
  }
  readonly message: {
    encode(message: PlainMessage): Buffer
    decode(bytes: Buffer): PlainMessage
    accepted(): Described
    rejected(fields: { error?: AmqpError }): Described
    released(): Described
  }
}

interface FramesModule {
  disposition(fields: { role: boolean; first: number; last: number; state: Typed; settled: boolean }): object
  close(fields: { error?: Typed }): object
}

const internals = rhea as unknown as RheaModule

export const { types, message } = internals
export const createContainer = (options: object): RheaContainer => internals.create_container(options)
/** The module has no declarations and is no public entry. */
export const frames = createRequire(import.meta.url)('rhea/lib/frames.js') as FramesModule
