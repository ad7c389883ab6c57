/**
 * The table partition manager of .NET, without its stealing: claims what is empty, expired or promised to it, renews, lets go of what others want or when it stops. Every write is a replace with the ETag of the
 * row it read in the same pass. It listens to what it owns.
 */
import { dateTime, type DotnetHub } from './dotnet-wire.js'
import { DotnetLoop } from './dotnet-loop.js'
import { type Row, type StoredRow, textCell, ticksOf } from '@dtfx/azure-common'

export class DotnetPartitions {
  readonly owned = new Set<string>()
  readonly #loop: DotnetLoop
  #isShuttingDown = false

  constructor(
    readonly hub: DotnetHub,
    readonly workerId: string,
    /** Resolves when nothing of the queue is in progress. */
    readonly drained: (queue: string) => Promise<void>,
  ) {
    this.#loop = new DotnetLoop(() => this.#pass(), 500)
  }

  get errors(): readonly unknown[] {
    return this.#loop.errors
  }

  async stop(): Promise<void> {
    this.#isShuttingDown = true
    await this.#loop.stop()
    while (await this.#pass());
  }

  /** A row that somebody else wrote meanwhile ends the pass: all are read again at once. */
  async #pass(): Promise<boolean> {
    try {
      for (const row of await this.hub.rows('Partitions', "PartitionKey eq ''")) await this.#decide(row)
      return false
    } catch (error) {
      if ((error as { statusCode?: number }).statusCode !== 412) throw error
      return true
    }
  }

  async #decide(row: StoredRow): Promise<void> {
    const { rowKey: queue, columns } = row
    const [owner, next] = [textCell(columns['CurrentOwner']), textCell(columns['NextOwner'])]
    if (owner !== this.workerId) this.owned.delete(queue)
    const expiresAt = ticksOf(columns['ExpiresAt'])
    const isFree = (owner === undefined && (next === undefined || next === this.workerId)) || (expiresAt !== undefined && Date.now() >= Date.parse(expiresAt))
    if (owner === this.workerId && (next !== undefined || this.#isShuttingDown)) {
      this.owned.delete(queue)
      await this.drained(queue)
      await this.#replace(row, { ...(next === undefined ? undefined : { NextOwner: next }), ...timesOf(columns), IsDraining: false })
    } else if (!this.#isShuttingDown && (isFree || owner === this.workerId)) {
      const now = new Date()
      const since = owner === this.workerId ? columns['OwnedSince'] : undefined
      await this.#replace(row, { CurrentOwner: this.workerId, OwnedSince: since ?? dateTime(now.toISOString()), LastRenewal: dateTime(now.toISOString()), ExpiresAt: dateTime(new Date(now.getTime() + 30_000).toISOString()), IsDraining: false })
      this.owned.add(queue)
    }
  }

  async #replace({ partitionKey, rowKey, etag }: StoredRow, columns: Row): Promise<void> {
    await this.hub.clients.table(`${this.hub.hub}Partitions`).updateEntity({ partitionKey, rowKey, ...columns }, 'Replace', { etag })
  }
}

function timesOf(columns: Row): Row {
  return Object.fromEntries(['OwnedSince', 'LastRenewal', 'ExpiresAt'].flatMap((name) => (columns[name] === undefined ? [] : [[name, columns[name]]])))
}
