/** What a workload measures: one figure, its unit and its case. A run of a workload gives several; the first is the headline. */

export interface Measurement {
  readonly case: string
  readonly metric: Metric
  readonly value: number
  readonly unit: string
  readonly operation?: string
}

export type Metric =
  | 'orchestrations_per_second'
  | 'activities_per_second'
  | 'duration_ms'
  | 'latency_p50_ms'
  | 'latency_p99_ms'
  | 'requests_total'
  | 'requests_by_operation'
  | 'bytes_per_instance'
  | 'event_loop_gap_ms'
  | 'ratio'

/** Metrics of which less is better: their ratio is turned, so that > 1 always says that ours is better. */
export const lessIsBetter: ReadonlySet<Metric> = new Set(['duration_ms', 'latency_p50_ms', 'latency_p99_ms', 'requests_total', 'bytes_per_instance', 'event_loop_gap_ms'])

/** One side of a comparison, opened once and run several times. */
export interface Side {
  readonly name: string
  /** One counted run. @throws WrongResult if the side computed something else than it should have */
  run(): Promise<readonly Measurement[]>
  close(): Promise<void>
}

export interface WorkloadOptions {
  readonly provider: string
  readonly count: number
}

export interface Workload {
  readonly name: string
  readonly summary: string
  /** What `--count` counts, and its default. */
  readonly defaultCount: number
  readonly defaultRuns: number
  open(options: WorkloadOptions): Promise<Side>
  /** By name of the competitor. */
  readonly against?: Readonly<Record<string, (options: WorkloadOptions) => Promise<Side>>> | undefined
}

/** A side gave a wrong result: its figures mean nothing. */
export class WrongResult extends Error {
  constructor(side: string, expected: unknown, actual: unknown) {
    super(`${side} gave a wrong result: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)?.slice(0, 200)}`)
    this.name = 'WrongResult'
  }
}

export function expectResult(side: string, actual: unknown, expected: unknown): void {
  if (JSON.stringify(actual) !== JSON.stringify(expected)) throw new WrongResult(side, expected, actual)
}
