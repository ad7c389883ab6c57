/**
 * An HTTP proxy between a provider and the emulator: three ports in front of three. Every request is named by its operation and numbered within it; a plan says what happens to it.
 * Signatures stay valid: they are about account, path and headers, and none of these is touched.
 */
import { Agent, createServer, request as httpRequest, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { sleep, systemClock } from '@dtfx/core/provider'
import { operationOf } from '../../src/storage/operation-of.js'
import { connectionStringOf, type Azurite } from '../azurite.js'

type Service = 'blob' | 'queue' | 'table'

/** What goes wrong. `after…`: the request took effect. `silent…`: no answer until the client gives up. */
export type Fault =
  | 'delay'
  | '429'
  | '500'
  | '503'
  | 'reset'
  | 'silent'
  | 'slow-body'
  | 'after-500'
  | 'after-503'
  | 'after-reset'
  | 'after-silent'
  | 'cut-body'

/** Before the request reaches the emulator. */
export const earlyFaults: readonly Fault[] = ['delay', '429', '500', '503', 'reset', 'silent']
/** When it took effect. */
export const lateFaults: readonly Fault[] = ['slow-body', 'after-500', 'after-503', 'after-reset', 'after-silent', 'cut-body']

export interface ProxiedRequest {
  readonly operation: string
  /** Of its operation, from 1. */
  readonly number: number
}

/** Before the request reaches the emulator, and when its answer is there. Throwing, or ending the client, is up to the plan. */
export interface ProxyPlan {
  fault(request: ProxiedRequest): Fault | undefined
  before?(request: ProxiedRequest): Promise<void>
  after?(request: ProxiedRequest): Promise<void>
}

/** Whether a look at a queue brought something is known when it has: those that did are counted once more, under a name of their own. */
export const full = ', full'

export function isLook(operation: string): boolean {
  return operation.startsWith('queue get ')
}

interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

const delayMs = 700
const slowMs = 400

export class FaultProxy {
  readonly counts = new Map<string, number>()
  readonly #servers: Server[] = []
  readonly #agent = new Agent({ keepAlive: true })
  connectionString = ''

  private constructor(
    readonly target: Azurite['ports'],
    readonly plan: ProxyPlan,
  ) {}

  static async open(target: Azurite['ports'], plan: ProxyPlan): Promise<FaultProxy> {
    const proxy = new FaultProxy(target, plan)
    const [blob, queue, table] = await Promise.all([proxy.#listen('blob'), proxy.#listen('queue'), proxy.#listen('table')])
    proxy.connectionString = connectionStringOf({ blob, queue, table })
    return proxy
  }

  async close(): Promise<void> {
    this.#agent.destroy()
    await Promise.all(
      this.#servers.map(
        (server) =>
          new Promise<void>((resolve) => {
            server.close(() => resolve())
            server.closeAllConnections()
          }),
      ),
    )
  }

  #counted(operation: string): ProxiedRequest {
    const number = (this.counts.get(operation) ?? 0) + 1
    this.counts.set(operation, number)
    return { operation, number }
  }

  #listen(service: Service): Promise<number> {
    const server = createServer((request, response) => void this.#serve(service, request, response).catch(() => response.destroy()))
    this.#servers.push(server)
    return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)))
  }

  async #serve(service: Service, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await wholeBody(request)
    const operation = namedOperation(service, request, body)
    const { plan } = this
    const which = this.#counted(operation)
    let fault = plan.fault(which)
    await plan.before?.(which)
    if (fault === 'delay') await sleep(systemClock, delayMs)
    if (fault === 'reset') return reset(response)
    if (fault === 'silent') return
    if (fault === '429' || fault === '500' || fault === '503') return refuse(service, response, Number(fault))
    const answer = await this.#forward(service, request, body)
    if (isLook(operation) && answer.body.includes('<QueueMessage>')) fault = plan.fault(this.#counted(`${operation}${full}`))
    await plan.after?.(which)
    if (fault === 'after-reset') return reset(response)
    if (fault === 'after-silent') return
    if (fault === 'after-500' || fault === 'after-503') return refuse(service, response, Number(fault.slice('after-'.length)))
    await give(response, answer, fault)
  }

  #forward(service: Service, { method, url, headers }: IncomingMessage, body: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const forwarded = httpRequest({ host: '127.0.0.1', port: this.target[service], method, path: url, headers, agent: this.#agent }, (answer) => {
        wholeBody(answer).then((whole) => resolve({ status: answer.statusCode ?? 502, headers: answer.headers, body: whole }), reject)
      })
      forwarded.once('error', reject)
      forwarded.end(body)
    })
  }
}

async function wholeBody(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** As the request counter has it; a transaction is named by the table it is about. */
function namedOperation(service: Service, { method = 'GET', url = '/' }: IncomingMessage, body: Buffer): string {
  const operation = operationOf(service, method, `http://127.0.0.1${url}`)
  if (operation !== 'table transaction') return operation
  return `${operation} ${/(History|Instances|Partitions|Quarantine)\(/.exec(body.toString('latin1'))?.[1] ?? ''}`.trim()
}

function reset(response: ServerResponse): void {
  response.socket?.resetAndDestroy()
}

/** Whatever the code says: a 503 may come from something between us and the service that knows nothing of what became of the request. */
const codes: Readonly<Record<number, string>> = { 429: 'TooManyRequests', 500: 'InternalError', 503: 'ServerBusy' }

function refuse(service: Service, response: ServerResponse, status: number): void {
  const code = codes[status] ?? 'InternalError'
  const isTable = service === 'table'
  const body = isTable ? JSON.stringify({ 'odata.error': { code, message: { lang: 'en-US', value: code } } }) : `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`
  response.writeHead(status, {
    'content-type': isTable ? 'application/json;odata=minimalmetadata' : 'application/xml',
    ...(isTable ? undefined : { 'x-ms-error-code': code }),
    ...(status === 500 ? undefined : { 'retry-after': '1' }),
    'content-length': Buffer.byteLength(body),
  })
  response.end(body)
}

async function give(response: ServerResponse, { status, headers, body }: Answer, fault: Fault | undefined): Promise<void> {
  const { 'transfer-encoding': _chunked, 'content-length': length, connection: _connection, ...kept } = headers
  response.writeHead(status, { ...kept, 'content-length': body.length > 0 ? body.length : (length ?? 0) })
  if (fault !== 'slow-body' && fault !== 'cut-body') return void response.end(body)
  response.flushHeaders()
  await sleep(systemClock, slowMs)
  response.write(body.subarray(0, body.length / 2))
  await sleep(systemClock, slowMs)
  if (fault === 'cut-body') return reset(response)
  response.end(body.subarray(body.length / 2))
}
