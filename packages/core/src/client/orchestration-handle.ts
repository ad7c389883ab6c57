/**
 * One instance in the hands of a client, with the types of its orchestration. Cheap: it holds an id, and does I/O only when it is asked something.
 * A handle from `start` knows which executions it replaced, and one that rewound knows the failure before it: it never reports those outcomes as its own.
 */
import type { EventDefinition } from '../authoring/definitions.js'
import type { Wire } from '../serialization/data-converter.js'
import { awaitResult, type ResultOptions } from './await-result.js'
import type { ClientContext } from './client-context.js'
import { readHistory, type HistoryFile } from './history-file.js'
import {
  purge,
  raiseEvent,
  readState,
  restart,
  resume,
  rewind,
  suspend,
  terminate,
  type OldOutcome,
  type PurgeOptions,
  type RestartOptions,
  type TerminateOptions,
} from './instance-commands.js'
import { OrchestrationState } from './orchestration-state.js'
import type { EventTarget } from './start-options.js'
import type { Started } from './start-orchestration.js'

/** Payload of an event; left out when it has none. */
export type EventPayload<T> = [T] extends [void] ? [payload?: undefined] : [payload: T]

export interface StateOptions {
  /** Also read input and output. @default true */
  readonly payloads?: boolean | undefined
}

export class OrchestrationHandle<Out = unknown, In = unknown> {
  readonly instanceId: string
  /** The execution that was started; undefined for a handle that did not start it. */
  readonly executionId: string | undefined
  readonly #context: ClientContext
  readonly #old: OldOutcome[]

  /** Made by the client: `start`, `get`. */
  constructor(context: ClientContext, { instanceId, executionId, replaced }: Started) {
    this.instanceId = instanceId
    this.executionId = executionId
    this.#context = context
    this.#old = replaced.map((each) => ({ executionId: each, completedAt: undefined }))
  }

  /**
   * Waits for the end and gives the result.
   * @throws OrchestrationFailedError, OrchestrationTerminatedError, WaitTimeoutError, DTFX_INSTANCE_NOT_FOUND; the reason of `signal`
   */
  result(options: ResultOptions = {}): Promise<Wire<Out>> {
    return awaitResult(this.#context, this.instanceId, this.#old, options) as Promise<Wire<Out>>
  }

  /** The instance as it is now; undefined when there is none. */
  async state({ payloads = true }: StateOptions = {}): Promise<OrchestrationState<Out, In> | undefined> {
    const state = await readState(this.#context, this.instanceId, payloads)
    return state === undefined ? undefined : new OrchestrationState<Out, In>(state, this.#context.converter)
  }

  /** The history of the current execution, to be stored and replayed. @throws DTFX_NOT_SUPPORTED, DTFX_INSTANCE_NOT_FOUND */
  history(): Promise<HistoryFile> {
    return readHistory(this.#context, this.instanceId)
  }

  /** Sends an event. Resolves when it is stored; an unknown or finished instance drops it. @throws DTFX_SCHEMA_MISMATCH */
  raiseEvent<T>(event: EventDefinition<T>, ...payload: EventPayload<T>): Promise<void>
  raiseEvent(event: string, payload?: unknown): Promise<void>
  raiseEvent(event: EventTarget | string, payload?: unknown): Promise<void> {
    return raiseEvent(this.#context, this.instanceId, event, payload)
  }

  /** Ends the instance with its next turn; running activities are aborted, late results dropped. */
  terminate(reason?: string, options: TerminateOptions = {}): Promise<void> {
    return terminate(this.#context, this.instanceId, reason, options)
  }

  /** From its next turn on the instance only collects what arrives. */
  suspend(reason?: string): Promise<void> {
    return suspend(this.#context, this.instanceId, reason)
  }

  resume(reason?: string): Promise<void> {
    return resume(this.#context, this.instanceId, reason)
  }

  /** Lets a failed instance try again from the failed calls on. @throws DTFX_NOT_SUPPORTED, DTFX_REWIND_NOT_FAILED, DTFX_INSTANCE_NOT_FOUND */
  async rewind(reason?: string): Promise<void> {
    this.#old.push(await rewind(this.#context, this.instanceId, reason))
  }

  /** Starts anew with the same name, input, tags and version. @throws DTFX_INSTANCE_NOT_FOUND, DTFX_INSTANCE_NOT_FINISHED, DTFX_INSTANCE_EXISTS */
  async restart(options: RestartOptions = {}): Promise<OrchestrationHandle<Out, In>> {
    return new OrchestrationHandle<Out, In>(this.#context, await restart(this.#context, this.instanceId, options))
  }

  /** Deletes the finished instance with its history and payloads; returns how many instances were deleted. @throws DTFX_NOT_SUPPORTED, DTFX_INSTANCE_NOT_FINISHED */
  purge(options: PurgeOptions = {}): Promise<number> {
    return purge(this.#context, this.instanceId, options)
  }
}
