/** Clients of an account as a .NET process has them: the SDK's own, which repeat a request that failed. */
import { TableClient } from '@azure/data-tables'
import { BlobServiceClient, type ContainerClient } from '@azure/storage-blob'
import { QueueServiceClient, type QueueClient } from '@azure/storage-queue'

export class DotnetClients {
  readonly #queues: QueueServiceClient
  readonly #blobs: BlobServiceClient
  readonly #tables = new Map<string, TableClient>()

  constructor(readonly connectionString: string) {
    this.#queues = QueueServiceClient.fromConnectionString(connectionString)
    this.#blobs = BlobServiceClient.fromConnectionString(connectionString)
  }

  queue(name: string): QueueClient {
    return this.#queues.getQueueClient(name)
  }

  container(name: string): ContainerClient {
    return this.#blobs.getContainerClient(name)
  }

  table(name: string): TableClient {
    const found = this.#tables.get(name) ?? TableClient.fromConnectionString(this.connectionString, name, { allowInsecureConnection: true })
    this.#tables.set(name, found)
    return found
  }
}
