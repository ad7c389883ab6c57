/**
 * The times by which the workers of a hub share its partitions. They are those of .NET, because workers of both kinds judge each other by them: a lease that is longer here would be taken away, one that
 * is shorter there is claimed late.
 */

export interface PartitionSettings {
  /** How long a row belongs to its owner after a renewal. */
  readonly leaseMs: number
  /** From one pass over the rows to the next while nothing changes: each owned row is renewed in each. */
  readonly pollMs: number
  /** The same while a partition is drained, or one is promised to this worker, or the worker stops; also the wait after a pass that failed. */
  readonly busyPollMs: number
  /** How long a partition may take to finish what it has in progress before it is given away regardless. */
  readonly drainMs: number
  /** How long one request to the table may take. */
  readonly operationMs: number
}

export const partitionDefaults: PartitionSettings = { leaseMs: 30_000, pollMs: 10_000, busyPollMs: 1_000, drainMs: 60_000, operationMs: 2_000 }
