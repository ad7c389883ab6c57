/**
 * The one port of the emulator. The first bytes of a connection tell AMQP from HTTP, and TLS from both, so that one connection string serves messages and administration.
 * Invariant: after `close` no socket is left.
 */
import { createServer, type Server, type Socket } from 'node:net'
import { createSecureContext, TLSSocket, type SecureContext } from 'node:tls'
import { EmulatorError } from './emulator-error.js'

export interface ListenerOptions {
  readonly host: string
  readonly port: number
  readonly tls: { readonly cert: string; readonly key: string } | undefined
  readonly onAmqp: (socket: Socket) => void
  readonly onHttp: (socket: Socket) => void
  readonly log: ((line: string) => void) | undefined
}

const tlsHandshake = 0x16
const amqpStart = 'A'.charCodeAt(0)
const amqpName = 'AMQP'

export class Listener {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #secureContext: SecureContext | undefined

  constructor(readonly options: ListenerOptions) {
    this.#secureContext = options.tls === undefined ? undefined : secureContextOf(options.tls)
    this.#server = createServer((socket) => this.#accept(socket))
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : this.options.port
  }

  async start(): Promise<void> {
    const { host, port } = this.options
    await new Promise<void>((started, failed) => {
      this.#server.once('error', (cause) => failed(new EmulatorError('DTFX_EMULATOR_PORT', `Cannot listen on ${host}:${port}: ${cause.message}. Another emulator may be running; choose another port, or 0 for any free one.`, { cause })))
      this.#server.listen(port, host, started)
    })
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((done) => this.#server.close(() => done()))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    socket.on('error', (error) => this.options.log?.(`connection failed: ${error.message}`))
    this.#sniff(socket, (first) => {
      if (this.#secureContext === undefined) return this.#route(socket, first)
      if (first[0] !== tlsHandshake) {
        this.options.log?.('connection refused: it is not encrypted, and this emulator uses TLS')
        return void socket.destroy()
      }
      const secured = new TLSSocket(socket, { isServer: true, secureContext: this.#secureContext })
      secured.on('error', (error) => this.options.log?.(`connection failed: ${error.message}`))
      this.#sniff(secured, (inner) => this.#route(secured, inner))
    })
  }

  #route(socket: Socket, first: Buffer): void {
    if (first[0] === tlsHandshake) {
      this.options.log?.('connection refused: it is encrypted; give the emulator a certificate, or add UseDevelopmentEmulator=true to the connection string')
      return void socket.destroy()
    }
    if (first[0] === amqpStart && amqpName.startsWith(first.toString('latin1', 0, 4))) return this.options.onAmqp(socket)
    if (/^[A-Z]/.test(first.toString('latin1', 0, 1))) return this.options.onHttp(socket)
    this.options.log?.('connection refused: it speaks neither AMQP nor HTTP')
    // The answer that AMQP prescribes to a wrong start.
    socket.end(Buffer.from('AMQP\x03\x01\x00\x00', 'latin1'))
  }

  /** Looks at the first bytes and puts them back. */
  #sniff(socket: Socket, decide: (first: Buffer) => void): void {
    socket.once('readable', () => {
      const first = socket.read() as Buffer | null
      if (first === null) return this.#sniff(socket, decide)
      socket.unshift(first)
      decide(first)
    })
  }
}

function secureContextOf(tls: { readonly cert: string; readonly key: string }): SecureContext {
  try {
    return createSecureContext({ ...tls })
  } catch (cause) {
    throw new EmulatorError('DTFX_EMULATOR_OPTIONS', `The certificate or key in tls cannot be used: ${cause instanceof Error ? cause.message : String(cause)}.`, { cause })
  }
}
