/**
 * One life of the partition manager, from a start to the stop: passes over the table at their times, under one worker id that no other life has.
 *
 * Invariants: 1. Passes follow each other; the writes of one pass go out side by side, so that neither a lost race nor a slow answer for one row delays the renewal of another. 2. After a lost race the
 * table is read again at once. 3. The time of a pass, on both clocks, is taken before its first request. 4. `drop` is called before the write that gives a partition away, `listen` after the one that takes it.
 */
import { dtfxError, sleep } from '@dtfx/core/provider'
import { balance, type BalanceDecision, type PartitionWrite } from './balance.js'
import { afterDrain, afterDrops, afterWrite, drainsOf, isLeased, listeningOf, type HeldPartitions } from './held-partitions.js'
import { PartitionDrains } from './partition-drains.js'
import { PartitionLog, problemOf } from './partition-log.js'
import type { PartitionManagerOptions, PartitionDropReason } from './partition-manager.js'
import type { PartitionRow } from './partition-row.js'

/** Lost races in a row after which the next read waits: somebody else makes progress, but the account is not to be flooded. */
const maxConflictsInARow = 9

type PassResult = { readonly kind: 'done' } | { readonly kind: 'conflict' } | { readonly kind: 'wait'; readonly waitMs: number }
type WriteResult = 'written' | 'conflict' | 'failed'

export class PartitionRun {
  readonly workerId: string
  readonly #options: PartitionManagerOptions
  readonly #log: PartitionLog
  readonly #drains: PartitionDrains
  readonly #abort = new AbortController()
  #held: HeldPartitions = new Map()
  /** Rows that are, or after a write without an answer may be, owned by this worker. */
  readonly #owned = new Set<string>()
  #stopping = false
  #nap = new AbortController()
  #ended: Promise<void> | undefined
  #gauged = -1

  constructor(options: PartitionManagerOptions, workerId: string) {
    this.workerId = workerId
    this.#options = options
    this.#log = new PartitionLog(options.host.logger, options, workerId)
    this.#drains = new PartitionDrains({
      clock: options.host.clock,
      drainMs: options.settings.drainMs,
      drain: options.callbacks.drain,
      onDone: (partition) => {
        this.#held = afterDrain(this.#held, partition)
        this.#nap.abort()
      },
      onProblem: (partition, problem) => this.#log.warning(`'${partition}' is given away: ${problemOf(problem)}`, { partition }),
    })
  }

  start(): void {
    this.#ended = this.#run()
  }

  isLeased(partition: string): boolean {
    const { clock } = this.#options.host
    return isLeased(this.#held, partition, { monotonicMs: clock.monotonicMs(), nowMs: clock.nowMs() })
  }

  leaseDeadlineMs(partition: string): number | undefined {
    return this.#held.get(partition)?.leaseDeadlineMs
  }

  listening(): readonly string[] {
    return [...this.#held.keys()]
  }

  /** @throws DTFX_PARTITIONS_HELD */
  async stop(deadlineMs: number): Promise<void> {
    this.#stopping = true
    this.#nap.abort()
    const cancel = deadlineMs > 0 ? this.#options.host.clock.setTimer(deadlineMs, () => this.#abort.abort()) : this.#abort.abort()
    await this.#ended
    cancel?.()
    const left = [...this.#held.keys()]
    this.#held = new Map()
    for (const partition of left) this.#drop(partition, 'stopped', null)
    this.#gauge()
    if (this.#owned.size === 0) return
    const partitions = [...this.#owned].sort().map((partition) => `'${partition}'`).join(', ')
    throw dtfxError('DTFX_PARTITIONS_HELD', { workerId: this.workerId, deadlineMs, partitions })
  }

  async #run(): Promise<void> {
    const { clock } = this.#options.host
    const { busyPollMs } = this.#options.settings
    let conflicts = 0
    for (;;) {
      this.#nap = new AbortController()
      const result = await this.#pass().catch((error: unknown) => this.#failed(error))
      if (result.kind === 'done' || this.#abort.signal.aborted) return
      conflicts = result.kind === 'conflict' ? conflicts + 1 : 0
      if (result.kind === 'conflict' && conflicts <= maxConflictsInARow) continue
      const waitMs = result.kind === 'conflict' ? busyPollMs : result.waitMs
      await sleep(clock, waitMs, AbortSignal.any([this.#nap.signal, this.#abort.signal]))
      if (this.#abort.signal.aborted) return
    }
  }

  async #pass(): Promise<PassResult> {
    const { table, settings, host, watchdog } = this.#options
    const nowMs = host.clock.nowMs()
    const leaseDeadlineMs = host.clock.monotonicMs() + settings.leaseMs
    let rows: readonly PartitionRow[]
    try {
      rows = await table.read(this.#abort.signal)
    } catch (error) {
      return this.#failed(error)
    }
    watchdog?.observe(rows, this.workerId)
    this.#note(rows)
    const worker = { workerId: this.workerId, stopping: this.#stopping, listening: listeningOf(this.#held), drains: drainsOf(this.#held) }
    const decision = balance(rows, nowMs, worker, settings)
    this.#held = afterDrops(this.#held, decision.drop)
    for (const { partition, reason, newOwner } of decision.drop) this.#drop(partition, reason, newOwner)
    const results = await Promise.all(decision.writes.map((write) => this.#write(write, decision, leaseDeadlineMs)))
    this.#gauge()
    if (results.includes('conflict')) return { kind: 'conflict' }
    if (results.includes('failed')) return { kind: 'wait', waitMs: settings.busyPollMs }
    return decision.releasedAll ? { kind: 'done' } : { kind: 'wait', waitMs: decision.nextPollMs }
  }

  /** Whatever fails, the passes go on: a manager that has ended by mistake would keep its partitions from everybody for a lease, and its worker idle for ever. */
  #failed(error: unknown): PassResult {
    if (!this.#abort.signal.aborted) this.#log.error(problemOf(error))
    return { kind: 'wait', waitMs: this.#options.settings.busyPollMs }
  }

  async #write(write: PartitionWrite, decision: BalanceDecision, leaseDeadlineMs: number): Promise<WriteResult> {
    const { partition, currentOwner } = write.row
    try {
      const result = await this.#options.table.replace(write.row, this.#abort.signal)
      if (result === 'conflict') {
        this.#log.notWritten(write, 'somebody else changed the row')
        return 'conflict'
      }
    } catch (error) {
      if (currentOwner === this.workerId) this.#owned.add(partition)
      if (!this.#abort.signal.aborted) this.#log.notWritten(write, problemOf(error))
      return 'failed'
    }
    if (currentOwner === this.workerId) this.#owned.add(partition)
    else this.#owned.delete(partition)
    this.#log.written(write)
    if (!decision.listen.includes(partition) || this.#listen(partition)) this.#held = afterWrite(this.#held, write, decision, leaseDeadlineMs)
    if (decision.startDrain.includes(partition)) this.#drains.start(partition)
    return 'written'
  }

  /** False: it failed; as the partition does not count as listened to, the next pass tries again. */
  #listen(partition: string): boolean {
    try {
      this.#options.callbacks.listen(partition)
      return true
    } catch (error) {
      this.#log.error(`'${partition}' cannot be listened to: ${problemOf(error)}`, { partition })
      return false
    }
  }

  #drop(partition: string, reason: PartitionDropReason, newOwner: string | null): void {
    this.#drains.cancel(partition)
    this.#log.dropped(partition, reason, newOwner)
    try {
      this.#options.callbacks.drop(partition, reason)
    } catch (error) {
      this.#log.error(`'${partition}' was not dropped in order: ${problemOf(error)}`, { partition })
    }
  }

  #note(rows: readonly PartitionRow[]): void {
    this.#owned.clear()
    for (const { partition, currentOwner } of rows) if (currentOwner === this.workerId) this.#owned.add(partition)
  }

  #gauge(): void {
    if (this.#gauged === this.#held.size) return
    this.#gauged = this.#held.size
    this.#options.host.metrics.gauge('dtfx.partitions.owned', this.#held.size, { taskHub: this.#options.taskHub })
  }
}
