/** The metrics seam and the names of all instruments. No-op by default. */

export type MetricAttributes = Readonly<Record<string, string | number>>

export interface Metrics {
  /** Adds to a counter. */
  count(name: MetricName, value: number, attributes?: MetricAttributes): void
  /** Records one measurement of a distribution. */
  record(name: MetricName, value: number, attributes?: MetricAttributes): void
  /** Sets a level. */
  gauge(name: MetricName, value: number, attributes?: MetricAttributes): void
}

/** Instrument → meaning and unit. */
export const metricNames = {
  'dtfx.orchestrations.started': 'executions begun; generations of continue-as-new count once',
  'dtfx.orchestrations.completed': 'executions ended, by status',
  'dtfx.orchestrations.active': 'orchestration work items in progress',
  'dtfx.turns': 'turns run, by result: committed, stale, fault, deferred',
  'dtfx.turn.duration_ms': 'milliseconds from lock to commit of a turn',
  'dtfx.activities.completed': 'activities ended, by status',
  'dtfx.activities.active': 'activities in progress',
  'dtfx.activity.duration_ms': 'milliseconds an activity ran',
  'dtfx.faults': 'faults of the host, by kind; attribute count is n of max',
  'dtfx.messages.discarded': 'messages that had no effect, by reason',
  'dtfx.messages.quarantined': 'messages set aside, by code',
  'dtfx.cache.hits': 'turns that continued a suspended execution',
  'dtfx.cache.misses': 'turns that replayed a history',
  'dtfx.partitions.owned': 'partitions that this worker listens to',
  'dtfx.partition.unowned_ms': 'milliseconds that a partition has had no owner, by partition; 0 while it has one',
  'dtfx.partition.oldest_message_ms': 'age of the oldest visible message of a partition in milliseconds, by partition',
  'dtfx.cache.bytes': 'estimated bytes of the suspended executions kept in memory',
} as const

export type MetricName = keyof typeof metricNames

export const noMetrics: Metrics = { count: () => {}, record: () => {}, gauge: () => {} }

/** Every measurement as one line through `write`, default the console. */
export function consoleMetrics(write: (line: string) => void = console.log): Metrics {
  const line = (kind: string) => (name: MetricName, value: number, attributes?: MetricAttributes) =>
    write(`[dtfx] ${kind} ${name} ${value}${attributes === undefined ? '' : ` ${JSON.stringify(attributes)}`}`)
  return { count: line('count'), record: line('record'), gauge: line('gauge') }
}
