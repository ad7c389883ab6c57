/**
 * The client of a task hub: starts orchestrations and looks after instances. Holds no connection of its own; the service is closed by whoever created it.
 * Everything is checked here, at the producer: names, ids, schemas, payloads. What a call promises is stored durably when it resolves.
 */
import { limits } from '../base/limits.js'
import { checkName, type EventDefinition, type OrchestrationDeclaration } from '../authoring/definitions.js'
import type { InputArgs } from '../authoring/orchestration-context.js'
import { checkInstanceId } from '../model/instance.js'
import type { OrchestrationService } from '../provider/orchestration-service.js'
import type { Wire } from '../serialization/data-converter.js'
import type { ResultOptions } from './await-result.js'
import { checkConcurrency, forEachBounded } from './bounded.js'
import {
  purgeAll,
  resumeAll,
  rewindAll,
  suspendAll,
  terminateAll,
  type BulkReasonOptions,
  type BulkReport,
  type BulkTreeOptions,
} from './bulk-operations.js'
import { ClientContext } from './client-context.js'
import type { HistoryFile } from './history-file.js'
import { raiseEvent, type PurgeOptions, type RestartOptions, type TerminateOptions } from './instance-commands.js'
import { InstanceQuery, type QueryFilter, type QueryOptions, type TypedQueryOptions } from './instance-query.js'
import { OrchestrationHandle, type EventPayload, type StateOptions } from './orchestration-handle.js'
import type { OrchestrationState } from './orchestration-state.js'
import { checkReuse, prepareStart, targetOf, type AnyStartOptions, type EventTarget, type StartOptions } from './start-options.js'
import { startOrchestration } from './start-orchestration.js'

export interface TaskHubClientOptions {
  /** Create the hub with the first call, if it is not there. @default true */
  readonly autoCreate?: boolean | undefined
}

type Declaration = OrchestrationDeclaration<never, unknown>

/** One of many starts: its input and its options. */
export type StartItem<In> = StartOptions & ([In] extends [void] ? { readonly input?: undefined } : undefined extends In ? { readonly input?: In } : { readonly input: In })

export interface StartManyOptions {
  /** Starts open at once. @default 32 */
  readonly concurrency?: number | undefined
}

export class TaskHubClient {
  readonly #context: ClientContext

  constructor(service: OrchestrationService, { autoCreate = true }: TaskHubClientOptions = {}) {
    this.#context = new ClientContext(service, autoCreate)
  }

  /**
   * Starts an orchestration; resolves when the start is stored durably.
   * @throws DTFX_INSTANCE_EXISTS under the reuse policies `error` and `replaceFinished`; DTFX_SCHEMA_MISMATCH, DTFX_NOT_SERIALIZABLE, DTFX_INVALID_…
   */
  start<In, Out, T = never>(orchestration: OrchestrationDeclaration<In, Out>, ...args: InputArgs<NoInfer<In>, StartOptions<T>>): Promise<OrchestrationHandle<Out, In>>
  start<Out = unknown, T = never>(name: string, input?: unknown, options?: StartOptions<T>): Promise<OrchestrationHandle<Out>>
  async start(orchestration: Declaration | string, input?: unknown, options: AnyStartOptions = {}): Promise<OrchestrationHandle> {
    const reuse = checkReuse(options.reuse)
    const prepared = prepareStart(this.#context, targetOf(orchestration), input, options)
    return new OrchestrationHandle(this.#context, await startOrchestration(this.#context, prepared, { reuse, replaceTimeout: options.replaceTimeout }))
  }

  /**
   * Starts many, a bounded number at once (default 32); handles in the order of the items. The first error ends it: what was started stays started,
   * so repeat the call with ids of your own and `reuse: 'skip'`.
   */
  startMany<In, Out>(orchestration: OrchestrationDeclaration<In, Out>, items: Iterable<StartItem<NoInfer<In>>>, options?: StartManyOptions): Promise<OrchestrationHandle<Out, In>[]>
  startMany<Out = unknown>(name: string, items: Iterable<StartItem<unknown>>, options?: StartManyOptions): Promise<OrchestrationHandle<Out>[]>
  async startMany(orchestration: Declaration | string, items: Iterable<StartItem<unknown>>, options: StartManyOptions = {}): Promise<OrchestrationHandle[]> {
    const concurrency = checkConcurrency(options.concurrency, limits.clientConcurrency)
    const handles: OrchestrationHandle[] = []
    await forEachBounded(items, { concurrency }, async ({ input, ...each }, index) => {
      handles[index] = await this.start(orchestration as string, input, each)
    })
    return handles
  }

  /** A handle of an instance; no I/O. With a definition it is typed, which is not checked. */
  get<In, Out>(orchestration: OrchestrationDeclaration<In, Out>, instanceId: string): OrchestrationHandle<Out, In>
  get<Out = unknown>(name: string, instanceId: string): OrchestrationHandle<Out>
  get<Out = unknown>(instanceId: string): OrchestrationHandle<Out>
  get(first: Declaration | string, second?: string): OrchestrationHandle {
    const instanceId = second ?? first
    if (second !== undefined && typeof first === 'string') checkName('Orchestration', first)
    checkInstanceId(instanceId)
    return new OrchestrationHandle(this.#context, { instanceId, executionId: undefined, replaced: [] })
  }

  /** Instances of a filter, as an async iterable of states, or of pages. @throws DTFX_NOT_SUPPORTED, DTFX_INVALID_OPTION */
  query<In, Out>(options: TypedQueryOptions<In, Out>): InstanceQuery<Out, In>
  query(options?: QueryOptions): InstanceQuery
  query(options: QueryOptions | TypedQueryOptions<never, unknown> = {}): InstanceQuery {
    return new InstanceQuery(this.#context, options)
  }

  // One instance by its id: see OrchestrationHandle.

  async result<Out = unknown>(instanceId: string, options?: ResultOptions): Promise<Wire<Out>> {
    return this.get<Out>(instanceId).result(options)
  }

  async state<Out = unknown, In = unknown>(instanceId: string, options?: StateOptions): Promise<OrchestrationState<Out, In> | undefined> {
    return (this.get(instanceId) as OrchestrationHandle<Out, In>).state(options)
  }

  async history(instanceId: string): Promise<HistoryFile> {
    return this.get(instanceId).history()
  }

  raiseEvent<T>(instanceId: string, event: EventDefinition<T>, ...payload: EventPayload<T>): Promise<void>
  raiseEvent(instanceId: string, event: string, payload?: unknown): Promise<void>
  raiseEvent(instanceId: string, event: EventTarget | string, payload?: unknown): Promise<void> {
    return raiseEvent(this.#context, instanceId, event, payload)
  }

  async terminate(instanceId: string, reason?: string, options?: TerminateOptions): Promise<void> {
    return this.get(instanceId).terminate(reason, options)
  }

  async suspend(instanceId: string, reason?: string): Promise<void> {
    return this.get(instanceId).suspend(reason)
  }

  async resume(instanceId: string, reason?: string): Promise<void> {
    return this.get(instanceId).resume(reason)
  }

  async rewind(instanceId: string, reason?: string): Promise<void> {
    return this.get(instanceId).rewind(reason)
  }

  async restart<Out = unknown>(instanceId: string, options?: RestartOptions): Promise<OrchestrationHandle<Out>> {
    return this.get<Out>(instanceId).restart(options)
  }

  async purge(instanceId: string, options?: PurgeOptions): Promise<number> {
    return this.get(instanceId).purge(options)
  }

  // All instances of a filter: see bulk-operations.ts. `{}` means all.

  terminateAll(filter: QueryFilter, options: BulkReasonOptions & BulkTreeOptions = {}): Promise<BulkReport> {
    return terminateAll(this.#context, filter, options)
  }

  suspendAll(filter: QueryFilter, options: BulkReasonOptions = {}): Promise<BulkReport> {
    return suspendAll(this.#context, filter, options)
  }

  resumeAll(filter: QueryFilter, options: BulkReasonOptions = {}): Promise<BulkReport> {
    return resumeAll(this.#context, filter, options)
  }

  rewindAll(filter: QueryFilter, options: BulkReasonOptions = {}): Promise<BulkReport> {
    return rewindAll(this.#context, filter, options)
  }

  /** Deletes finished instances; live ones are left alone. */
  purgeAll(filter: QueryFilter, options: BulkTreeOptions = {}): Promise<BulkReport> {
    return purgeAll(this.#context, filter, options)
  }
}
