/**
 * `ctx`: the members of OrchestrationContext on top of an execution. Thin: each checks that the code is in its turn and hands over to the file that knows the matter.
 */
import type { OrchestrationContext, ContinuedAsNew } from '../authoring/orchestration-context.js'
import { checkName } from '../authoring/definitions.js'
import { validate, type StandardSchema } from '../authoring/schema.js'
import type { ContextLogger } from '../authoring/context-logger.js'
import type { Duration } from '../base/duration.js'
import { dtfxError } from '../errors/durable-error.js'
import type { ExecutionStartedEvent } from '../model/events.js'
import type { Tags } from '../model/instance.js'
import { callActivity, callSubOrchestration, sendEvent, startSubOrchestration } from './calls.js'
import { newGuid } from './deterministic-guid.js'
import type { Execution } from './execution.js'
import { mapItems } from './map-items.js'
import { patched } from './patches.js'
import { replaySafeLogger } from './replay-safe-logger.js'
import { createTimer } from './timers.js'
import { waitForEvent, type WaitOptions } from './wait-for-event.js'

const RealDate = Date
const continued = Object.freeze({}) as ContinuedAsNew

class DurableContext {
  readonly #x: Execution
  #log: ContextLogger | undefined

  constructor(x: Execution) {
    this.#x = x
  }

  get instanceId(): string {
    return this.#x.instanceId
  }
  get executionId(): string {
    return this.#x.executionId
  }
  get name(): string {
    return this.#start.name
  }
  get version(): string | undefined {
    return this.#start.version === '' ? undefined : this.#start.version
  }
  get parent(): OrchestrationContext['parent'] {
    const parent = this.#start.parent
    return parent === undefined ? undefined : { instanceId: parent.instance.instanceId, executionId: parent.instance.executionId, name: parent.name }
  }
  get tags(): Tags {
    return this.#start.tags ?? {}
  }
  get isReplaying(): boolean {
    return this.#x.isReplaying
  }
  get now(): Date {
    return new RealDate(this.#x.nowMs)
  }
  get log(): ContextLogger {
    return (this.#log ??= replaySafeLogger(this.#x))
  }

  newGuid(): string {
    return newGuid(this.#turn('newGuid'))
  }
  random(): number {
    return this.#turn('random').random.next()
  }

  callActivity(target: Parameters<typeof callActivity>[1], input: unknown, options: Parameters<typeof callActivity>[3]): Promise<unknown> {
    return callActivity(this.#turn('callActivity'), target, input, options)
  }
  callSubOrchestration(target: Parameters<typeof callSubOrchestration>[1], input: unknown, options: Parameters<typeof callSubOrchestration>[3]): Promise<unknown> {
    return callSubOrchestration(this.#turn('callSubOrchestration'), target, input, options)
  }
  startSubOrchestration(target: Parameters<typeof startSubOrchestration>[1], input: unknown, options: Parameters<typeof startSubOrchestration>[3]): string {
    return startSubOrchestration(this.#turn('startSubOrchestration'), target, input, options)
  }
  createTimer(at: Duration | Date, options?: { readonly signal?: AbortSignal }): Promise<void> {
    return createTimer(this.#turn('createTimer'), at, options?.signal)
  }
  waitForExternalEvent(target: { readonly name: string } | string, options?: WaitOptions): Promise<unknown> {
    return waitForEvent(this.#turn('waitForExternalEvent'), typeof target === 'string' ? target : target.name, options)
  }
  sendEvent(instanceId: string, target: { readonly name: string; readonly schema?: StandardSchema | undefined } | string, payload?: unknown): void {
    sendEvent(this.#turn('sendEvent'), instanceId, target, payload)
  }
  map(items: readonly unknown[], fn: (item: unknown, index: number) => Promise<unknown>, options?: Parameters<typeof mapItems>[2]): Promise<unknown[]> {
    this.#turn('map')
    return mapItems(items, fn, options)
  }

  continueAsNew(input: unknown, options?: { readonly carryOverEvents?: boolean; readonly version?: string }): ContinuedAsNew {
    const x = this.#turn('continueAsNew')
    const what = `input of orchestration '${x.definition.name}'`
    const payload = x.settings.converter.encode(validate(x.definition.input, input, what), what)
    x.continuation = { input: payload, version: options?.version, carryOver: options?.carryOverEvents !== false }
    return continued
  }
  setCustomStatus(status: unknown): void {
    const x = this.#turn('setCustomStatus')
    x.customStatus = { text: x.settings.converter.encode(status, `custom status of orchestration '${x.definition.name}'`) }
  }
  patched(patchId: string): boolean {
    checkName('Patch', patchId)
    return patched(this.#turn('patched'), patchId)
  }
  deprecatePatch(patchId: string): void {
    checkName('Patch', patchId)
    patched(this.#turn('deprecatePatch'), patchId)
  }

  get #start(): ExecutionStartedEvent {
    if (this.#x.start === undefined) throw dtfxError('DTFX_HISTORY_CORRUPT', { instanceId: this.#x.instanceId, problem: 'it does not start' })
    return this.#x.start
  }
  #turn(api: string): Execution {
    this.#x.assertInTurn(api)
    return this.#x
  }
}

/** The context object of an execution. The class keeps loose types; the public interface gives users theirs. */
export function createContext(x: Execution): OrchestrationContext {
  return new DurableContext(x) as unknown as OrchestrationContext
}
