/**
 * The task hub in a file, as one process sees it: the file, the groups in which it is written, the workers here and what they may be given.
 * Invariant: nothing is handed out before the commit that says who has it. Results that wait here need no commit, because their instance is locked already; everything else is handed out by the end of a group.
 */
import { logEvents, type Clock, type InstanceId, type OrchestrationService } from '@dtfx/core/provider'
import { claimActivities } from './activities/claim-activities.js'
import { FilePoller } from './file/file-poller.js'
import { GroupCommit } from './file/group-commit.js'
import { HubFile } from './file/hub-file.js'
import type { Sql } from './file/sql.js'
import type { Transaction } from './file/transaction.js'
import { handOutAnswers, InstanceClaims } from './instances/claim-instances.js'
import { InstanceChanges } from './instances/instance-changes.js'
import { moveDue } from './messages/delayed-messages.js'
import type { HubAccess, InstanceListener } from './hub-access.js'
import { Ownership } from './owners/ownership.js'
import type { SqliteSettings } from './settings.js'
import { instanceSql } from './sql/instance-sql.js'
import { messageSql } from './sql/message-sql.js'
import { emptyHub } from './sql/schema.js'
import { Work } from './work.js'
import type { SqliteWorkerPort } from './worker-port.js'

const retryPauseMs = 500

export class Hub implements HubAccess {
  readonly file: HubFile
  readonly changes = new InstanceChanges()
  readonly ownership: Ownership
  readonly work: Work
  /** The workers of this process; the one that was served last is the last. */
  readonly ports = new Set<SqliteWorkerPort>()
  readonly #group: GroupCommit
  readonly #poller: FilePoller
  readonly #instanceClaims = new InstanceClaims(this, (wants) => this.#nextPort(wants))
  readonly #listening = new Map<InstanceId, Set<InstanceListener>>()
  #dataVersion = -1
  #closed = false

  constructor(
    readonly host: OrchestrationService['host'],
    readonly settings: SqliteSettings,
  ) {
    const { clock, random } = host
    this.file = new HubFile({ path: settings.path, durability: settings.durability, clock, random })
    this.#group = new GroupCommit(this.file, { before: () => handOutAnswers(this.ports), wanted: () => this.#hasWork(), run: (transaction) => this.#handOut(transaction), failed: (error) => this.#failed(error) })
    this.work = new Work(clock, (instance) => this.#arrived(instance))
    this.ownership = new Ownership(this, this.ports)
    this.#poller = new FilePoller({ clock, longestPauseMs: settings.maxPollingInterval, wanted: () => this.#isWaiting, look: () => this.#look() })
  }

  get clock(): Clock {
    return this.host.clock
  }

  get isClosed(): boolean {
    return this.#closed
  }

  write<T>(run: (transaction: Transaction) => T, options?: { readonly durable?: boolean }): Promise<T> {
    return this.#group.submit(run, options)
  }

  addPort(port: SqliteWorkerPort): void {
    this.ports.add(port)
    this.ownership.start()
  }

  removePort(port: SqliteWorkerPort): void {
    this.ports.delete(port)
    if (this.ports.size === 0) this.ownership.stop()
  }

  /** Looks for work at the end of this turn of the event loop. */
  wake(): void {
    if (this.#closed) return
    this.#group.schedule()
    this.#poller.start()
  }

  /** The workers of this process that want something take turns. */
  #nextPort(wants: (port: SqliteWorkerPort) => boolean): SqliteWorkerPort | undefined {
    const { ports } = this
    for (const port of ports) {
      if (!wants(port)) continue
      if (ports.size > 1) {
        ports.delete(port)
        ports.add(port)
      }
      return port
    }
    return undefined
  }

  /** Clients that wait look at other processes, too. */
  watch(instanceId: InstanceId, signal: AbortSignal): Promise<boolean> {
    const changed = this.changes.watch(instanceId, signal)
    this.#poller.start()
    return changed
  }

  instanceChanged(instanceId: InstanceId): void {
    this.changes.notify(instanceId)
    for (const item of this.#listening.get(instanceId) ?? []) item.checkInstance().catch((error: unknown) => this.report(error))
  }

  listen(item: InstanceListener): void {
    const { instanceId } = item
    const items = this.#listening.get(instanceId) ?? new Set()
    this.#listening.set(instanceId, items.add(item))
    item.checkInstance().catch((error: unknown) => this.report(error))
  }

  unlisten(item: InstanceListener): void {
    const items = this.#listening.get(item.instanceId)
    if (items?.delete(item) === true && items.size === 0) this.#listening.delete(item.instanceId)
  }

  report(error: unknown): void {
    if (this.#closed) return
    const { id, level, text } = logEvents.queueFailed
    this.host.logger.log(level, `${text}: ${error instanceof Error ? error.message : String(error)}`, { file: this.file.path, error }, id)
  }

  async clear(): Promise<void> {
    await this.write(({ sql }) => {
      for (const text of emptyHub) sql.run(text)
    })
    for (const port of this.ports) port.loseAll()
    for (const instanceId of [...this.#listening.keys()]) this.instanceChanged(instanceId)
    this.changes.notifyAll()
  }

  async close(): Promise<void> {
    if (this.#closed) return
    await Promise.all([...this.ports].map((port) => port.stop(0)))
    this.#closed = true
    this.#poller.close()
    this.work.close()
    await this.#group.close()
    this.file.close()
    this.changes.notifyAll()
  }

  get #isWaiting(): boolean {
    if (this.changes.isWatched) return true
    for (const port of this.ports) if (port.isWaiting) return true
    return false
  }

  #arrived(instance: number | undefined): void {
    if (instance !== undefined) for (const port of this.ports) port.messagesArrived(instance)
    this.wake()
  }

  /** Another process has written: nothing is known any more. */
  #look(): boolean {
    if (!this.file.isOpen) return false
    const { sql } = this.file
    try {
      const version = sql.get<{ readonly data_version: number }>('PRAGMA data_version')?.data_version ?? 0
      if (version === this.#dataVersion) return false
      this.#dataVersion = version
      this.work.unknown(sql.get<{ readonly due_at: number | null }>(messageSql.nextDue)?.due_at ?? undefined)
      for (const port of this.ports) port.lookForMessages(sql)
      this.changes.compare(sql)
    } catch (error) {
      // Busy, for one: the next look finds out.
      this.report(error)
      return false
    }
    this.wake()
    return true
  }

  /** As far as reading can tell: nobody is kept from writing for nothing. */
  #hasWork(): boolean {
    const ports = [...this.ports]
    if (!this.file.isOpen || !ports.some((port) => port.isWaiting)) return false
    if (this.work.isDue) return true
    const { sql } = this.file
    const orchestrations = ports.some((port) => port.orchestrationCalls.count > 0)
    if (orchestrations && ports.some((port) => port.hasReadySession)) return true
    if (orchestrations && this.work.hasInstances && found(sql, instanceSql.anyReady)) return true
    return this.work.hasActivities && ports.some((port) => port.activityCalls.count > 0) && found(sql, messageSql.anyFreeActivity)
  }

  #handOut(transaction: Transaction): void {
    const ports = [...this.ports].filter((port) => port.isWaiting && !port.isStopping)
    if (ports.length === 0) return
    if (this.work.isDue) moveDue(this, transaction)
    for (const port of ports) port.lease.hold(transaction)
    this.#instanceClaims.claim(transaction, ports)
    claimActivities(this, transaction, ports)
  }

  #failed(error: unknown): void {
    if (this.#closed) return
    this.report(error)
    this.clock.setTimer(retryPauseMs, () => this.wake(), { keepAlive: false })
  }
}

function found(sql: Sql, text: string): boolean {
  return sql.get<{ readonly found: number }>(text)?.found === 1
}
