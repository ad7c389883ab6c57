/**
 * Counts of requests to a storage account, between two moments, sorted into what serves the work and what is there anyway.
 * Invariant: an operation is named in one way only; what is apart has a comma and why in its name.
 */
import type { OrchestrationService } from '@dtfx/core'
import type { Measurement } from '../measurement.js'

export type RequestCounts = Readonly<Record<string, number>>

interface CountingService extends OrchestrationService {
  readonly requests: RequestCounts
}

/** Why an operation is not part of what an orchestration needs. */
const apart: readonly (readonly [RegExp, string])[] = [
  [/^(blob lease|table \w+ Partitions)/, 'lease'],
  [/^(queue update|bus renew)/, 'renewal'],
  [/^bus (accept|receive|release) /, 'session or wait'],
  [/^(queue peek|queue properties|blob \w+ applease)/, 'look'],
]

/** False for a provider without an account behind it. */
export function countsRequests(service: OrchestrationService): service is CountingService {
  return 'requests' in service
}

/** With names that say what is apart; `wait`: all of them are, because nothing but a wait for a result sent them. */
export function difference(before: RequestCounts, after: RequestCounts, wait = false): RequestCounts {
  const counts: Record<string, number> = {}
  for (const [operation, count] of Object.entries(after)) {
    const sent = count - (before[operation] ?? 0)
    if (sent > 0) counts[wait ? `${operation}, wait` : named(operation)] = sent
  }
  return counts
}

function named(operation: string): string {
  const why = apart.find(([pattern]) => pattern.test(operation))?.[1]
  return why === undefined ? operation : `${operation}, ${why}`
}

/** The total first. Of an orchestration it is what is not apart, of an idle minute everything. Operations are in the order of the alphabet, those apart last. */
export function requestRows(caseName: string, counts: RequestCounts, { per, everything }: { readonly per: number; readonly everything: boolean }): Measurement[] {
  const operations = Object.entries(counts).sort(([a], [b]) => Number(isApart(a)) - Number(isApart(b)) || (a < b ? -1 : 1))
  const total = operations.reduce((sum, [operation, count]) => sum + (everything || !isApart(operation) ? count : 0), 0)
  const rows = operations.map(([operation, count]): Measurement => ({ case: caseName, metric: 'requests_by_operation', operation, value: count / per, unit: 'requests' }))
  return [{ case: caseName, metric: 'requests_total', value: total / per, unit: 'requests' }, ...rows]
}

function isApart(operation: string): boolean {
  return operation.includes(',')
}
