/** Stands in front of the queue service of an emulator and notes what goes by: messages that are put, in order, and how often messages of a queue are put back or deleted. Changes nothing. */
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fromQueueText } from '../../src/messages/queue-text.js'
import { connectionStringOf, type Azurite } from '../azurite.js'

export interface PutMessage {
  readonly queue: string
  /** Decoded. */
  readonly text: string
  readonly isBase64: boolean
  /** Of the request: seconds it is hidden, seconds it is kept. */
  readonly visibilityTimeout: string | null
  readonly timeToLive: string | null
}

export class QueueRecorder {
  readonly #messages: PutMessage[] = []
  readonly #settled = new Map<string, number>()
  readonly #server: Server

  private constructor(readonly azurite: Azurite) {
    this.#server = createServer((incoming, outgoing) => this.#forward(incoming, outgoing))
  }

  static async start(azurite: Azurite): Promise<QueueRecorder> {
    const recorder = new QueueRecorder(azurite)
    await new Promise<void>((resolve) => recorder.#server.listen(0, '127.0.0.1', resolve))
    return recorder
  }

  /** Of the emulator, with the queues behind this. */
  get connectionString(): string {
    return connectionStringOf({ ...this.azurite.ports, queue: (this.#server.address() as AddressInfo).port })
  }

  get messages(): readonly PutMessage[] {
    return this.#messages
  }

  /** Messages of one hub, in the order they were put. */
  messagesOf(hub: string): readonly PutMessage[] {
    return this.#messages.filter(({ queue }) => queue.startsWith(`${hub.toLowerCase()}-`))
  }

  /** Requests about single messages of a queue so far. */
  settledOf(method: 'PUT' | 'DELETE', queue: string): number {
    return this.#settled.get(`${method} ${queue}`) ?? 0
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #forward(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const { method, url: path, headers } = incoming
      const body = Buffer.concat(chunks)
      const onward = request({ host: '127.0.0.1', port: this.azurite.ports.queue, method, path, headers }, (answer) => {
        if ((answer.statusCode ?? 500) < 300) this.#note(String(method), String(path), body.toString('utf8'))
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(outgoing)
      })
      onward.on('error', () => outgoing.destroy())
      onward.end(body)
    })
  }

  #note(method: string, path: string, body: string): void {
    const url = new URL(path, 'http://localhost')
    const [, queue, messageId] = /\/([^/]+)\/messages(?:\/([^/]+))?$/.exec(url.pathname) ?? []
    if (queue === undefined) return
    if (messageId !== undefined) this.#settled.set(`${method} ${queue}`, (this.#settled.get(`${method} ${queue}`) ?? 0) + 1)
    if (method !== 'POST') return
    const sent = /<MessageText>([\s\S]*)<\/MessageText>/.exec(body)?.[1] ?? ''
    const text = fromQueueText(unescaped(sent))
    if (text === undefined) throw new Error(`neither JSON nor Base64: ${sent.slice(0, 80)}`)
    this.#messages.push({ queue, text, isBase64: !sent.startsWith('{'), visibilityTimeout: url.searchParams.get('visibilitytimeout'), timeToLive: url.searchParams.get('messagettl') })
  }
}

function unescaped(xml: string): string {
  return xml.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&apos;', "'").replaceAll('&#13;', '\r').replaceAll('&#xD;', '\r').replaceAll('&amp;', '&')
}
