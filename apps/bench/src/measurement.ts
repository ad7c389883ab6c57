/**
 * What is measured and by whom. A workload opens sides (ours, a competitor's), each side is run several times, each run gives the same list of measurements.
 * Invariants: of each case the first measurement is the headline, which the ratio is made of; a side checks what it computed before it gives a figure.
 */

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
  | 'processor_percent'
  | 'step_us'
  | 'ratio'

export interface Measurement {
  readonly case: string
  readonly metric: Metric
  readonly value: number
  readonly unit: string
  /** Of `requests_by_operation`. */
  readonly operation?: string
}

/** Whether more is better; of all other metrics less is. */
export function moreIsBetter(metric: Metric): boolean {
  return metric === 'orchestrations_per_second' || metric === 'activities_per_second'
}

/** Who is measured: opened once, run several times. */
export interface Side {
  /** One run. @throws WrongResult */
  run(): Promise<readonly Measurement[]>
  close(): Promise<void>
}

/** What our side runs on. */
export interface Setup {
  readonly provider: string
  /** Of the provider; undefined: its defaults. */
  readonly options?: Readonly<Record<string, unknown>> | undefined
  /** Suspended instances stay in memory. @default true */
  readonly cache?: boolean | undefined
}

/** Where our side keeps what it does. */
export interface Hub {
  /** Of the provider. */
  readonly options: Setup['options']
  /** Nobody else uses the hub: it is deleted in the end. */
  readonly isOwn: boolean
  close(): Promise<void>
}

export interface SideOptions extends Setup {
  readonly count: number
}

export interface Workload {
  readonly name: string
  readonly summary: string
  /** What `--count` counts. */
  readonly counts: string
  readonly defaultCount: number
  /** The same where each step is a request to a store, so that it too ends within half a minute. Undefined: the same. */
  readonly requestCount?: number | undefined
  /** The same beside a competitor that is much slower: both sides run so many. By name. */
  readonly rivalCounts?: Readonly<Record<string, number>> | undefined
  readonly defaultRuns: number
  /** False: no run is thrown away, because none is faster for another. @default true */
  readonly warmUp?: boolean | undefined
  open(options: SideOptions): Promise<Side>
  /** By name of the competitor. */
  readonly against?: Readonly<Record<string, (options: SideOptions) => Promise<Side>>> | undefined
}

/** A side computed something else than it should have: its figures mean nothing. */
export class WrongResult extends Error {
  constructor(side: string, expected: string, actual: string) {
    super(`${side} gave a wrong result: expected ${expected}, got ${actual.slice(0, 200)}`)
    this.name = 'WrongResult'
  }
}

/** Compares as JSON. @throws WrongResult */
export function expectResult(side: string, actual: unknown, expected: unknown): void {
  const [wanted, got] = [String(JSON.stringify(expected)), String(JSON.stringify(actual))]
  if (wanted !== got) throw new WrongResult(side, wanted, got)
}

export function durationOf(caseName: string, durationMs: number): Measurement {
  return { case: caseName, metric: 'duration_ms', value: durationMs, unit: 'ms' }
}

export function activitiesPerSecond(caseName: string, count: number, durationMs: number): Measurement {
  return { case: caseName, metric: 'activities_per_second', value: (count / durationMs) * 1000, unit: 'activities/s' }
}
