/** The administration API over HTTP: queues are created, read, updated, deleted, listed. Answers like the service, down to an empty feed for a queue that is not there. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Authorizer } from '../amqp/authorizer.js'
import { covers } from '../amqp/authorizer.js'
import { BrokerError, type BrokerErrorCode } from '../broker/broker-error.js'
import type { Broker } from '../broker/broker.js'
import type { QueueSettings } from '../broker/queue-settings.js'
import { queueSettingsFrom } from '../config/queue-options.js'
import { EmulatorError } from '../emulator-error.js'
import { errorBody, feed, namespaceEntry, queueEntry } from './atom.js'
import { DescriptionError, readDescription } from './queue-description.js'

export interface AdminHost {
  readonly broker: Broker
  readonly authorizer: Authorizer
  readonly isSecure: boolean
  readonly log: ((line: string) => void) | undefined
}

interface AdminAnswer {
  readonly status: number
  readonly body: string
}

interface AdminRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly baseUrl: string
  /** `PUT` changes what exists. */
  readonly isUpdate: boolean
  readonly body: string
}

const listPath = '$resources/queues'
const defaultPageLength = 100
const maxBodyBytes = 1024 * 1024
const unsupportedPath = /^\$resources\/(topics|rules|subscriptions)|\/(subscriptions|rules)(\/|$)/i

const statuses: Partial<Record<BrokerErrorCode, number>> = { 'entity-not-found': 404, 'entity-exists': 409, unauthorized: 401, 'not-supported': 501 }

export class AdminFront {
  readonly #server: Server
  readonly #startedAtMs: number

  constructor(readonly host: AdminHost) {
    this.#startedAtMs = host.broker.host.clock.nowMs()
    this.#server = createServer((request, response) => void this.#serve(request, response))
  }

  accept(socket: Socket): void {
    this.#server.emit('connection', socket)
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, body } = await this.#answer(request)
    this.host.log?.(`administration: ${request.method} ${request.url?.split('?')[0]} ${status}`)
    response.writeHead(status, { 'content-type': 'application/atom+xml;type=entry;charset=utf-8' })
    response.end(body)
  }

  async #answer(incoming: IncomingMessage): Promise<AdminAnswer> {
    try {
      const request = await this.#read(incoming)
      this.#authorize(incoming, request)
      return this.#dispatch(request)
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error)
      if (error instanceof BrokerError) return refusal(statuses[error.code] ?? 400, detail)
      return refusal(error instanceof EmulatorError || error instanceof DescriptionError || error instanceof URIError ? 400 : 500, detail)
    }
  }

  async #read(incoming: IncomingMessage): Promise<AdminRequest> {
    const baseUrl = `${this.host.isSecure ? 'https' : 'http'}://${incoming.headers.host ?? 'localhost'}`
    const url = new URL(incoming.url ?? '/', baseUrl)
    const chunks: Buffer[] = []
    let length = 0
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      length += chunk.length
      if (length > maxBodyBytes) throw new DescriptionError('The request is too large.')
      chunks.push(chunk)
    }
    const path = decodeURIComponent(url.pathname).replace(/^\/+|\/+$/g, '')
    return { method: incoming.method ?? 'GET', path, query: url.searchParams, baseUrl, isUpdate: incoming.headers['if-match'] !== undefined, body: Buffer.concat(chunks).toString('utf8') }
  }

  #authorize(incoming: IncomingMessage, { path }: AdminRequest): void {
    const { authorization } = incoming.headers
    if (authorization === undefined) throw new BrokerError('unauthorized', 'MissingToken: The request has no authorization header.')
    const granted = authorization.startsWith('Bearer ') ? '' : this.host.authorizer.verifyToken('sas', authorization, '')
    if (!covers(granted, path.toLowerCase())) throw new BrokerError('unauthorized', `InvalidToken: The token does not cover '${path}'.`)
  }

  #dispatch(request: AdminRequest): AdminAnswer {
    const { path, method } = request
    if (path.toLowerCase() === '$namespaceinfo') return { status: 200, body: namespaceEntry(request.baseUrl, this.#startedAtMs) }
    if (unsupportedPath.test(path) || /<(TopicDescription|SubscriptionDescription|RuleDescription)[\s>]/.test(request.body)) {
      throw new BrokerError('not-supported', 'This emulator has queues only, no topics, subscriptions or rules.')
    }
    if (path.toLowerCase() === listPath) return this.#list(request)
    if (method === 'GET') return this.#get(request)
    if (method === 'PUT') return this.#put(request)
    if (method !== 'DELETE') return refusal(405, `The method ${method} is not allowed.`)
    this.host.broker.deleteQueue(path)
    return { status: 200, body: '' }
  }

  #get({ path, baseUrl }: AdminRequest): AdminAnswer {
    const queue = this.host.broker.find(path)
    return { status: 200, body: queue === undefined ? feed('Publicly Listed Services', [], undefined) : queueEntry(baseUrl, queue) }
  }

  #put({ path, baseUrl, body, isUpdate }: AdminRequest): AdminAnswer {
    const { broker } = this.host
    const settings: QueueSettings = queueSettingsFrom(readDescription(body, path), `the queue '${path}'`)
    if (isUpdate) return { status: 200, body: queueEntry(baseUrl, broker.updateQueue({ ...settings, name: broker.queue(path).name })) }
    if (broker.find(path) !== undefined) throw new BrokerError('entity-exists', `SubCode=40900. Conflict. The queue '${path}' exists already.`)
    return { status: 201, body: queueEntry(baseUrl, broker.createQueue(settings)) }
  }

  #list({ query, baseUrl }: AdminRequest): AdminAnswer {
    const skip = Number(query.get('$skip') ?? 0)
    const top = Number(query.get('$top') ?? defaultPageLength)
    const all = this.host.broker.queues
    const isLast = skip + top >= all.length
    const nextUrl = isLast ? undefined : `${baseUrl}/${listPath}?api-version=2021-05&$skip=${skip + top}&$top=${top}`
    return { status: 200, body: feed('Queues', all.slice(skip, skip + top).map((queue) => queueEntry(baseUrl, queue)), nextUrl) }
  }
}

const refusal = (status: number, detail: string): AdminAnswer => ({ status, body: errorBody(status, detail) })
