/** What is in the tables and blobs of a hub on an emulator, read past the provider. */
import { systemClock, seededRandom } from '@dtfx/core/provider'
import { MessageBlobs } from '../src/messages/message-blobs.js'
import { storedRow, type StoredRow } from '@dtfx/azure-common'
import type { DotnetClients } from './compat/dotnet-clients.js'

export class StoredHub {
  readonly #blobs: MessageBlobs

  constructor(
    readonly clients: DotnetClients,
    readonly hub: string,
  ) {
    this.#blobs = new MessageBlobs(clients.container(`${hub.toLowerCase()}-largemessages`), { clock: systemClock, random: seededRandom(1) })
  }

  async rows(table: 'History' | 'Instances' | 'Partitions' | 'Quarantine', filter?: string): Promise<StoredRow[]> {
    const rows: StoredRow[] = []
    const queryOptions = filter === undefined ? {} : { filter }
    for await (const entity of this.clients.table(`${this.hub}${table}`).listEntities({ queryOptions, disableTypeConversion: true })) rows.push(storedRow(entity))
    return rows
  }

  /** Texts by name. */
  async blobs(): Promise<ReadonlyMap<string, string>> {
    const texts = new Map<string, string>()
    const { container } = this.#blobs
    if (!(await container.exists())) return texts
    for await (const { name } of container.listBlobsFlat()) texts.set(name, (await this.#blobs.get(name)) ?? '')
    return texts
  }
}
