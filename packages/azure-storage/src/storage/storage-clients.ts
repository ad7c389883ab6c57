/** The SDK clients of one account: tables and blobs, and the queues. Every request is counted, and none repeated by itself. */
import { AccountClients, cached, type StorageAccount } from '@dtfx/azure-common'
import { QueueClient, StorageSharedKeyCredential, newPipeline } from '@azure/storage-queue'
import { operationOf } from './operation-of.js'

type QueuePipeline = ReturnType<typeof newPipeline>

export class StorageClients extends AccountClients {
  readonly #queues = new Map<string, QueueClient>()
  readonly #pipeline: QueuePipeline

  constructor(account: StorageAccount, requestTimeoutMs?: number) {
    super(account, ({ service, method, url, table }) => withTable(operationOf(service, method, url), table), requestTimeoutMs)
    const { access } = account
    const credential = access.kind === 'key' ? new StorageSharedKeyCredential(access.accountName, access.accountKey) : access.kind === 'token' ? access.credential : undefined
    this.#pipeline = newPipeline(credential, { retryOptions: { maxTries: 1 } })
    this.#pipeline.factories.push(this.counting('queue') as unknown as QueuePipeline['factories'][number])
  }

  queue(name: string): QueueClient {
    return cached(this.#queues, name, () => new QueueClient(`${this.account.queueUrl}/${name}${this.sas}`, this.#pipeline))
  }
}

/** The URL of a transaction does not tell its table. */
function withTable(operation: string, table: string | undefined): string {
  return operation === 'table transaction' && table !== undefined ? `${operation} ${/(History|Instances|Partitions|Quarantine)$/.exec(table)?.[1] ?? table}` : operation
}
