/**
 * The SDK clients of one account. Every request passes one place, where it is counted; the SDKs repeat nothing by themselves (see `repeat.ts`), because a repeated conditional write looks like a lost race.
 * Clients are made on first use and kept; making one sends nothing.
 */
import { AzureNamedKeyCredential, AzureSASCredential, TableClient, type TableServiceClientOptions } from '@azure/data-tables'
import { ContainerClient, StorageSharedKeyCredential as BlobKey, newPipeline as newBlobPipeline } from '@azure/storage-blob'
import { QueueClient, StorageSharedKeyCredential as QueueKey, newPipeline as newQueuePipeline } from '@azure/storage-queue'
import { escapeLineSeparators } from './line-separators.js'
import { operationOf, RequestCounter } from './request-counter.js'
import type { StorageAccount } from './storage-account.js'

/** Longer than the service itself takes at most for a query, shorter than a lock. */
export const defaultRequestTimeoutMs = 35_000

type BlobPipeline = ReturnType<typeof newBlobPipeline>
type QueuePipeline = ReturnType<typeof newQueuePipeline>

/** What both kinds of pipelines have in common: a request that goes on to the next stage. */
interface Stage {
  sendRequest(request: { readonly method: string; readonly url: string; timeout: number }): Promise<unknown>
}

export class StorageClients {
  readonly requests = new RequestCounter()
  readonly #queues = new Map<string, QueueClient>()
  readonly #tables = new Map<string, TableClient>()
  readonly #containers = new Map<string, ContainerClient>()
  readonly #queuePipeline: QueuePipeline
  readonly #blobPipeline: BlobPipeline

  constructor(
    readonly account: StorageAccount,
    /** Without an answer after this a request counts as one of unknown result. */
    readonly requestTimeoutMs = defaultRequestTimeoutMs,
  ) {
    const { access } = account
    const once = { retryOptions: { maxTries: 1 } }
    const [queueKey, blobKey] =
      access.kind === 'key'
        ? [new QueueKey(access.accountName, access.accountKey), new BlobKey(access.accountName, access.accountKey)]
        : access.kind === 'token'
          ? [access.credential, access.credential]
          : [undefined, undefined]
    this.#queuePipeline = newQueuePipeline(queueKey, once)
    this.#queuePipeline.factories.push(this.#counting('queue') as unknown as QueuePipeline['factories'][number])
    this.#blobPipeline = newBlobPipeline(blobKey, once)
    this.#blobPipeline.factories.push(this.#counting('blob') as unknown as BlobPipeline['factories'][number])
  }

  queue(name: string): QueueClient {
    return cached(this.#queues, name, () => new QueueClient(`${this.account.queueUrl}/${name}${this.#sas()}`, this.#queuePipeline))
  }

  container(name: string): ContainerClient {
    return cached(this.#containers, name, () => new ContainerClient(`${this.account.blobUrl}/${name}${this.#sas()}`, this.#blobPipeline))
  }

  table(name: string): TableClient {
    return cached(this.#tables, name, () => this.#newTable(name))
  }

  #newTable(name: string): TableClient {
    const { tableUrl, access } = this.account
    const { requests, requestTimeoutMs } = this
    const options: TableServiceClientOptions = {
      allowInsecureConnection: tableUrl.startsWith('http:'),
      retryOptions: { maxRetries: 0 },
      additionalPolicies: [
        { position: 'perCall', policy: escapeLineSeparators },
        {
          position: 'perRetry',
          policy: {
            name: 'dtfxRequestCounter',
            sendRequest: (request, next) => {
              const operation = operationOf('table', request.method, request.url)
              request.timeout = requestTimeoutMs
              requests.add(operation === 'table transaction' ? `${operation} ${roleOfTable(name)}` : operation)
              return next(request)
            },
          },
        },
      ],
    }
    if (access.kind === 'key') return new TableClient(tableUrl, name, new AzureNamedKeyCredential(access.accountName, access.accountKey), options)
    if (access.kind === 'token') return new TableClient(tableUrl, name, access.credential, options)
    return new TableClient(tableUrl, name, new AzureSASCredential(access.sas), options)
  }

  #counting(service: 'queue' | 'blob'): { create(next: Stage): Stage } {
    const { requests, requestTimeoutMs } = this
    return {
      create: (next) => ({
        sendRequest: (request) => {
          request.timeout = requestTimeoutMs
          requests.add(operationOf(service, request.method, request.url))
          return next.sendRequest(request)
        },
      }),
    }
  }

  #sas(): string {
    return this.account.access.kind === 'sas' ? `?${this.account.access.sas}` : ''
  }
}

function roleOfTable(name: string): string {
  return /(History|Instances|Partitions|Quarantine)$/.exec(name)?.[1] ?? name
}

function cached<T>(map: Map<string, T>, name: string, make: () => T): T {
  const found = map.get(name)
  if (found !== undefined) return found
  const made = make()
  map.set(name, made)
  return made
}
