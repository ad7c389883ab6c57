/**
 * The SDK clients for tables and blobs of one account. Every request passes one place, where it is counted; the SDKs repeat nothing by themselves (see `repeat.ts`), because a repeated conditional write looks
 * like a lost race. Clients are made on first use and kept; making one sends nothing.
 */
import { AzureSASCredential, TableClient, type TableServiceClientOptions } from '@azure/data-tables'
import { BlobServiceClient, ContainerClient, StorageSharedKeyCredential as BlobKey, newPipeline as newBlobPipeline } from '@azure/storage-blob'
import { escapeLineSeparators } from './line-separators.js'
import { RequestCounter } from './request-counter.js'
import type { StorageAccount } from './storage-account.js'
import { tableSignature } from './table-signature.js'

/** Longer than the service itself takes at most for a query, shorter than a lock. */
export const defaultRequestTimeoutMs = 35_000

type BlobPipeline = ReturnType<typeof newBlobPipeline>

/** What the pipelines of the SDKs have in common: a request that goes on to the next stage. */
export interface Stage {
  sendRequest(request: { readonly method: string; readonly url: string; timeout: number }): Promise<unknown>
}

/** What a request is in the counts; `table` names the table whose client sends it. */
export type NameRequest = (request: { readonly service: 'queue' | 'table' | 'blob'; readonly method: string; readonly url: string; readonly table?: string | undefined }) => string

export class AccountClients {
  readonly requests = new RequestCounter()
  readonly #tables = new Map<string, TableClient>()
  readonly #containers = new Map<string, ContainerClient>()
  readonly #blobPipeline: BlobPipeline

  constructor(
    readonly account: StorageAccount,
    readonly nameOf: NameRequest,
    /** Without an answer after this a request counts as one of unknown result. */
    readonly requestTimeoutMs = defaultRequestTimeoutMs,
  ) {
    const { access } = account
    const credential = access.kind === 'key' ? new BlobKey(access.accountName, access.accountKey) : access.kind === 'token' ? access.credential : undefined
    this.#blobPipeline = newBlobPipeline(credential, { retryOptions: { maxTries: 1 } })
    this.#blobPipeline.factories.push(this.counting('blob') as unknown as BlobPipeline['factories'][number])
  }

  container(name: string): ContainerClient {
    return cached(this.#containers, name, () => new ContainerClient(`${this.account.blobUrl}/${name}${this.sas}`, this.#blobPipeline))
  }

  table(name: string): TableClient {
    return cached(this.#tables, name, () => this.#newTable(name))
  }

  /** Names of the containers that begin with `prefix`. */
  async containerNames(prefix: string): Promise<readonly string[]> {
    const names: string[] = []
    for await (const { name } of new BlobServiceClient(`${this.account.blobUrl}${this.sas}`, this.#blobPipeline).listContainers({ prefix })) names.push(name)
    return names
  }

  /** For URLs of an account that is opened by one. */
  get sas(): string {
    return this.account.access.kind === 'sas' ? `?${this.account.access.sas}` : ''
  }

  /** A stage of a pipeline that counts, and bounds the time of a request. */
  counting(service: 'queue' | 'blob'): { create(next: Stage): Stage } {
    const { requests, requestTimeoutMs } = this
    return {
      create: (next) => ({
        sendRequest: (request) => {
          request.timeout = requestTimeoutMs
          requests.add(this.nameOf({ service, method: request.method, url: request.url }))
          return next.sendRequest(request)
        },
      }),
    }
  }

  #newTable(name: string): TableClient {
    const { tableUrl, access } = this.account
    const { requests, requestTimeoutMs } = this
    const signed: TableServiceClientOptions['additionalPolicies'] = access.kind === 'key' ? [{ position: 'perRetry', policy: tableSignature(access) }] : []
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
              request.timeout = requestTimeoutMs
              requests.add(this.nameOf({ service: 'table', method: request.method, url: request.url, table: name }))
              return next(request)
            },
          },
        },
        ...signed,
      ],
    }
    if (access.kind === 'key') return new TableClient(tableUrl, name, options)
    if (access.kind === 'token') return new TableClient(tableUrl, name, access.credential, options)
    return new TableClient(tableUrl, name, new AzureSASCredential(access.sas), options)
  }
}

/** What a map has, or what is made for it now. */
export function cached<T>(map: Map<string, T>, name: string, make: () => T): T {
  const found = map.get(name)
  if (found !== undefined) return found
  const made = make()
  map.set(name, made)
  return made
}
