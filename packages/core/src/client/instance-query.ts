/** Queries: the filter as people write it, its check, and the result as an async iterable of states or of pages. */
import { didYouMean } from '../base/nearest-name.js'
import { limits } from '../base/limits.js'
import { checkName, type OrchestrationDeclaration } from '../authoring/definitions.js'
import { dtfxError } from '../errors/durable-error.js'
import { statusNumbers, type OrchestrationStatus, type Tags } from '../model/instance.js'
import type { InstanceFilter } from '../model/query.js'
import type { ClientContext } from './client-context.js'
import { OrchestrationState } from './orchestration-state.js'
import { ticksFromDate } from './start-options.js'

/** Which instances: all conditions hold at once, an absent one does not restrict. */
export interface QueryFilter {
  readonly status?: OrchestrationStatus | readonly OrchestrationStatus[] | undefined
  /** Name of the orchestration, or its definition. */
  readonly name?: string | { readonly kind: 'orchestration'; readonly name: string } | undefined
  readonly version?: string | undefined
  /** Instances that have all these tags, with these values. */
  readonly tags?: Tags | undefined
  /** Another way to write `tags`. */
  readonly tag?: Tags | undefined
  /** Instance id of the parent; null: instances without one. */
  readonly parent?: string | null | undefined
  readonly idPrefix?: string | undefined
  /** Inclusive. */
  readonly createdAfter?: Date | undefined
  /** Exclusive. */
  readonly createdBefore?: Date | undefined
  readonly completedAfter?: Date | undefined
  readonly completedBefore?: Date | undefined
}

export interface QueryOptions extends QueryFilter {
  /** Instances per page, at most. @default 100 */
  readonly pageSize?: number | undefined
  /** Also read input and output. @default true */
  readonly payloads?: boolean | undefined
  /** Of a page that was read before: go on after it. */
  readonly continuation?: string | undefined
}

/** A query for one orchestration, whose types the states have. */
export type TypedQueryOptions<In, Out> = Omit<QueryOptions, 'name'> & { readonly name: OrchestrationDeclaration<In, Out> }

export interface InstancePage<Out = unknown, In = unknown> {
  readonly instances: readonly OrchestrationState<Out, In>[]
  /** Undefined after the last page. */
  readonly continuation: string | undefined
}

/** Result of a query: `for await (const state of query)`. Nothing is read before the first step; each iteration reads anew. */
export class InstanceQuery<Out = unknown, In = unknown> implements AsyncIterable<OrchestrationState<Out, In>> {
  readonly #context: ClientContext
  readonly #filter: InstanceFilter
  readonly #options: QueryOptions

  /** Made by `client.query`. */
  constructor(context: ClientContext, options: QueryOptions) {
    this.#filter = checkFilter(options, queryKeys)
    const { pageSize } = options
    if (pageSize !== undefined && !(Number.isInteger(pageSize) && pageSize >= 1 && pageSize <= limits.maxPageSize)) {
      refuse('pageSize', `is ${String(pageSize)}; give a whole number from 1 to ${limits.maxPageSize}`)
    }
    context.require('query', 'queries')
    this.#context = context
    this.#options = options
  }

  /** Page by page, in the order of instance ids. A page may be short or empty; only `continuation` tells the end. */
  async *pages(): AsyncGenerator<InstancePage<Out, In>, void, undefined> {
    const port = this.#context.require('query', 'queries')
    const { pageSize: size = limits.defaultPageSize, payloads = true } = this.#options
    let { continuation } = this.#options
    do {
      const page = await this.#context.call(() => port.query(this.#filter, { size, continuation, payloads }))
      continuation = page.continuation
      yield { instances: page.instances.map((state) => new OrchestrationState<Out, In>(state, this.#context.converter)), continuation }
    } while (continuation !== undefined)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<OrchestrationState<Out, In>, void, undefined> {
    for await (const page of this.pages()) yield* page.instances
  }
}

const filterKeys = ['status', 'name', 'version', 'tags', 'tag', 'parent', 'idPrefix', 'createdAfter', 'createdBefore', 'completedAfter', 'completedBefore']
const queryKeys = [...filterKeys, 'pageSize', 'payloads', 'continuation']

/** The store's filter. A misspelt condition is refused: it would select everything. @throws DTFX_INVALID_OPTION, DTFX_INVALID_TIME, DTFX_INVALID_TAGS */
export function checkFilter(filter: QueryFilter, allowed: readonly string[] = filterKeys): InstanceFilter {
  if (typeof filter !== 'object' || filter === null || Array.isArray(filter)) refuse('filter', 'is no object')
  for (const key of Object.keys(filter)) {
    if (!allowed.includes(key)) refuse(key, `is not known. ${didYouMean(key, allowed)}`)
  }
  const { status, version, parent, idPrefix } = filter
  for (const [key, value] of Object.entries({ version, idPrefix, parent: parent ?? undefined })) {
    if (value !== undefined && typeof value !== 'string') refuse(key, 'is no text')
  }
  const tags = { ...filter.tag, ...filter.tags }
  return {
    status: status === undefined ? undefined : checkStatuses(status),
    name: nameOf(filter.name),
    version,
    idPrefix,
    tags: Object.keys(tags).length === 0 ? undefined : checkTagValues(tags),
    parent,
    createdAfter: time(filter.createdAfter, 'createdAfter'),
    createdBefore: time(filter.createdBefore, 'createdBefore'),
    completedAfter: time(filter.completedAfter, 'completedAfter'),
    completedBefore: time(filter.completedBefore, 'completedBefore'),
  }
}

function checkStatuses(status: OrchestrationStatus | readonly OrchestrationStatus[]): readonly OrchestrationStatus[] {
  const statuses = typeof status === 'string' ? [status] : status
  if (!Array.isArray(statuses)) refuse('status', 'is neither a status nor a list')
  for (const each of statuses) {
    if (!Object.hasOwn(statusNumbers, each)) refuse('status', `has '${String(each)}'. ${didYouMean(String(each), Object.keys(statusNumbers))}`)
  }
  return statuses
}

function nameOf(name: QueryFilter['name']): string | undefined {
  if (name === undefined) return undefined
  const text = typeof name === 'string' ? name : name.name
  checkName('Orchestration', text)
  return text
}

function checkTagValues(tags: Readonly<Record<string, unknown>>): Tags {
  for (const [key, value] of Object.entries(tags)) {
    if (typeof value !== 'string') throw dtfxError('DTFX_INVALID_TAGS', { what: 'the filter', problem: `'${key}' is no text` })
  }
  return tags as Tags
}

function time(date: Date | undefined, what: string): string | undefined {
  return date === undefined ? undefined : ticksFromDate(date, what)
}

function refuse(key: string, problem: string): never {
  throw dtfxError('DTFX_INVALID_OPTION', { what: 'query', problem: `'${key}' ${problem}` })
}
