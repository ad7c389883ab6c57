/**
 * One connection of a client: what it may do, its links, its transactions.
 * Invariants: whatever comes in, the worst is that this connection is closed with an error; when it is gone nothing of it is left in the broker but locks that have not run out.
 */
import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { asBrokerError, BrokerError } from '../broker/broker-error.js'
import type { Transaction } from '../broker/transaction.js'
import { performOperation } from '../faults/perform-operation.js'
import type { AmqpHost, ConnectionFront, LinkFront } from './amqp-host.js'
import { covers, pathOf } from './authorizer.js'
import { conditionOf } from './error-conditions.js'
import { openLink } from './open-link.js'
import { frames, types, createContainer, type RheaConnection, type RheaContext, type RheaLink, type RheaSession } from './rhea-internals.js'
import { SessionFront } from './session-front.js'
import { tuneSocket } from './tune-socket.js'

const connectionOptions = {
  session_buffer_size: 8192,
  max_frame_size: 65_536,
  channel_max: 4_999,
  idle_time_out: 240_000,
  reconnect: false,
  sender_options: { autosettle: false, treat_modified_as_released: false },
  receiver_options: { autoaccept: false, credit_window: 1_000 },
}

export class ClientConnection implements ConnectionFront {
  readonly links = new Map<RheaLink, LinkFront>()
  readonly #rhea: RheaConnection
  readonly #sessions = new Map<RheaSession, SessionFront>()
  readonly #granted = new Set<string>()
  readonly #transactions = new Map<string, Transaction>()
  #isGone = false

  constructor(
    readonly host: AmqpHost,
    readonly socket: Socket,
    readonly name: string,
    readonly closed: (connection: ClientConnection) => void,
  ) {
    const container = createContainer({ id: 'service-bus-emulator' })
    container.sasl_server_mechanisms.enable_anonymous()
    container.sasl_server_mechanisms['MSSBCBS'] = container.sasl_server_mechanisms['ANONYMOUS']
    container.sasl_server_mechanisms.enable_plain((name, key) => {
      const isRight = host.authorizer.verifyKey(name, key)
      if (isRight) this.authorize('')
      return isRight
    })
    this.#rhea = container.create_connection(connectionOptions)
    this.#listen()
    tuneSocket(socket, this.#rhea)
    socket.once('close', () => this.#gone())
    this.#rhea.accept(socket)
  }

  authorize(path: string): void {
    this.#granted.add(path)
  }

  requireAuthorized(path: string): void {
    const wanted = pathOf(path)
    for (const granted of this.#granted) if (covers(granted, wanted)) return
    throw new BrokerError('unauthorized', `Unauthorized access. A token for '${path}' is required to perform this operation.`)
  }

  begin(): Buffer {
    const id = randomBytes(16)
    this.#transactions.set(id.toString('hex'), this.host.broker.begin())
    return id
  }

  transaction(id: Buffer): Transaction {
    const transaction = this.#transactions.get(id.toString('hex'))
    if (transaction === undefined) throw new BrokerError('unknown-transaction', 'The transaction is not known. It has ended, or belongs to another connection.')
    return transaction
  }

  end(id: Buffer): Transaction {
    const transaction = this.transaction(id)
    this.#transactions.delete(id.toString('hex'))
    return transaction
  }

  /** Breaks the connection without a word. */
  drop(): void {
    this.socket.destroy()
    this.#gone()
  }

  /** Ends it as the service does when it goes down. */
  shutDown(): void {
    this.#rhea.close({ condition: 'amqp:connection:forced', description: 'The emulator is stopping.' })
  }

  log(line: string): void {
    this.host.log?.(`${this.name} ${line}`)
  }

  #listen(): void {
    const rhea = this.#rhea
    rhea.on('connection_open', ({ connection }) => {
      this.log(`connected: ${connection.container_id ?? 'unnamed client'}`)
      performOperation(this.host, { on: 'connect', queue: undefined, request: undefined, apply: () => undefined, acknowledge: () => undefined, refuse: (error) => this.#closeWith(error), drop: () => this.drop() })
    })
    rhea.on('session_open', ({ session }) => void this.#sessions.set(session, new SessionFront(session)))
    rhea.on('session_close', ({ session }) => this.#sessionGone(session))
    rhea.on('receiver_open', ({ receiver }) => this.#open(receiver))
    rhea.on('sender_open', ({ sender }) => this.#open(sender))
    rhea.on('receiver_close', ({ receiver }) => this.#linkGone(receiver))
    rhea.on('sender_close', ({ sender }) => this.#linkGone(sender))
    rhea.on('sender_flow', ({ sender }) => this.links.get(sender)?.flow())
    rhea.on('sender_draining', ({ sender }) => {
      sender.issue_flow = true
      rhea._register()
    })
    rhea.on('sendable', ({ sender }) => this.links.get(sender)?.flow())
    rhea.on('message', (context) => this.#message(context))
    rhea.on('disconnected', () => this.#gone())
    rhea.on('connection_close', () => this.log('closed by the client'))
    for (const event of ['protocol_error', 'error']) rhea.on(event, (error) => this.#broken(error as unknown as Error))
    // Clients may say why they close something; they are heard where it is closed.
    for (const event of ['connection_error', 'session_error', 'sender_error', 'receiver_error']) rhea.on(event, () => undefined)
  }

  #open(link: RheaLink): void {
    const session = this.#sessions.get(link.session)
    if (session !== undefined) openLink(this, session, link, (front) => void this.links.set(link, front))
  }

  #message({ receiver, message, delivery }: RheaContext): void {
    const front = this.links.get(receiver)
    const session = this.#sessions.get(receiver.session)
    if (front === undefined || session === undefined) return
    try {
      front.message(message, delivery, session.stateOf(receiver))
    } catch (error) {
      const { code, message: description } = asBrokerError(error)
      receiver.close({ condition: conditionOf(code), description })
    }
  }

  #linkGone(link: RheaLink): void {
    const front = this.links.get(link)
    this.links.delete(link)
    this.#sessions.get(link.session)?.forget(link)
    front?.gone()
  }

  #sessionGone(session: RheaSession): void {
    for (const link of [...this.links.keys()]) if (link.session === session) this.#linkGone(link)
    this.#sessions.delete(session)
  }

  /** Bytes that are no AMQP, or not in this place. */
  #broken(error: Error): void {
    const isFraming = error.name === 'ProtocolError'
    this.log(`malformed frame: ${error.message}`)
    this.#closeWith(new BrokerError('undecodable', error.message), isFraming ? 'amqp:connection:framing-error' : 'amqp:decode-error')
  }

  #closeWith(error: BrokerError, condition = conditionOf(error.code)): void {
    if (!this.#isGone && this.#rhea.is_open()) this.#rhea._write_frame(0, frames.close({ error: types.wrap_error({ condition, description: error.message }) }))
    this.socket.end()
  }

  #gone(): void {
    if (this.#isGone) return
    this.#isGone = true
    clearTimeout(this.#rhea.heartbeat_out)
    clearTimeout(this.#rhea.heartbeat_in)
    for (const session of [...this.#sessions.keys()]) this.#sessionGone(session)
    for (const transaction of this.#transactions.values()) transaction.rollback()
    this.#transactions.clear()
    this.log('disconnected')
    this.closed(this)
  }
}
