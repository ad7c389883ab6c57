/**
 * The same operation on every instance of a filter, a bounded number at once. One failure does not stop the rest: the report tells counts and errors.
 * The filter is narrowed to instances for which the operation makes sense: terminating finished ones or rewinding completed ones is no error, they are just not meant.
 */
import { limits } from '../base/limits.js'
import type { OrchestrationStatus } from '../model/instance.js'
import { checkConcurrency, forEachBounded } from './bounded.js'
import type { ClientContext } from './client-context.js'
import { purge, resume, rewind, suspend, terminate } from './instance-commands.js'
import { matching } from './instance-family.js'
import { checkFilter, type QueryFilter } from './instance-query.js'

export interface BulkOptions {
  /** Instances worked on at once. @default 32 */
  readonly concurrency?: number | undefined
  /** Begins no further instance; the report tells what was done until then. */
  readonly signal?: AbortSignal | undefined
}

export interface BulkReasonOptions extends BulkOptions {
  readonly reason?: string | undefined
}

export interface BulkTreeOptions extends BulkOptions {
  /** Also the descendants of every instance. */
  readonly recursive?: boolean | undefined
}

export interface BulkReport {
  readonly succeeded: number
  readonly failed: number
  /** The first 1 000. */
  readonly errors: readonly { readonly instanceId: string; readonly error: unknown }[]
  /** `signal` was aborted: instances may be left that were not worked on. */
  readonly aborted: boolean
}

const live: readonly OrchestrationStatus[] = ['Pending', 'Running', 'Suspended', 'ContinuedAsNew']
const finished: readonly OrchestrationStatus[] = ['Completed', 'Failed', 'Terminated', 'Canceled']

export function terminateAll(context: ClientContext, filter: QueryFilter, options: BulkReasonOptions & BulkTreeOptions): Promise<BulkReport> {
  return forAll(context, { filter, options, among: live, what: 'bulk terminate' }, (id) => terminate(context, id, options.reason, { recursive: options.recursive }))
}

export function suspendAll(context: ClientContext, filter: QueryFilter, options: BulkReasonOptions): Promise<BulkReport> {
  return forAll(context, { filter, options, among: ['Pending', 'Running', 'ContinuedAsNew'], what: 'bulk suspend' }, (id) => suspend(context, id, options.reason))
}

export function resumeAll(context: ClientContext, filter: QueryFilter, options: BulkReasonOptions): Promise<BulkReport> {
  return forAll(context, { filter, options, among: ['Suspended'], what: 'bulk resume' }, (id) => resume(context, id, options.reason))
}

export function rewindAll(context: ClientContext, filter: QueryFilter, options: BulkReasonOptions): Promise<BulkReport> {
  return forAll(context, { filter, options, among: ['Failed'], what: 'bulk rewind' }, (id) => rewind(context, id, options.reason))
}

export function purgeAll(context: ClientContext, filter: QueryFilter, options: BulkTreeOptions): Promise<BulkReport> {
  return forAll(context, { filter, options, among: finished, what: 'bulk purge' }, (id) => purge(context, id, { recursive: options.recursive }))
}

interface Bulk {
  readonly filter: QueryFilter
  readonly options: BulkOptions
  readonly among: readonly OrchestrationStatus[]
  readonly what: string
}

async function forAll(context: ClientContext, { filter, options, among, what }: Bulk, operation: (instanceId: string) => Promise<unknown>): Promise<BulkReport> {
  const checked = checkFilter(filter)
  const { signal } = options
  const concurrency = checkConcurrency(options.concurrency, limits.clientConcurrency)
  const status = among.filter((each) => checked.status === undefined || checked.status.includes(each))
  const errors: { instanceId: string; error: unknown }[] = []
  let succeeded = 0
  let failed = 0
  const run = async (instanceId: string): Promise<void> => {
    try {
      await operation(instanceId)
      succeeded++
    } catch (error) {
      failed++
      if (errors.length < limits.maxBulkErrors) errors.push({ instanceId, error })
    }
  }
  context.require('query', what)
  if (status.length > 0) await forEachBounded(matching(context, { ...checked, status }, what), { concurrency, signal }, (state) => run(state.instanceId))
  return { succeeded, failed, errors, aborted: signal?.aborted === true }
}
