/**
 * What a client does to one instance. Events, terminate, suspend and resume are messages: stored durably when the call resolves, applied by the instance's next turn;
 * an unknown or finished instance drops them. Rewind, restart and purge look at the instance first and refuse what makes no sense.
 */
import { dtfxError } from '../errors/durable-error.js'
import { checkInstanceId, isFinal, type InstanceState } from '../model/instance.js'
import type { OutboundMessage } from '../provider/checkpoint.js'
import type { ClientContext } from './client-context.js'
import { controlOf, terminationOf } from './control-messages.js'
import { descendants } from './instance-family.js'
import { raisedEvent, startWith, type EventTarget } from './start-options.js'
import { startOrchestration, type Started } from './start-orchestration.js'

export interface TerminateOptions {
  /** Also the children that the instance waits for, and theirs; of an instance that has ended, all descendants that have not (found by query). */
  readonly recursive?: boolean | undefined
}

export interface PurgeOptions {
  /** Also all descendants (found by query). Nothing is purged if one of them has not ended. */
  readonly recursive?: boolean | undefined
}

export interface RestartOptions {
  /** Id of the new instance; blank: a random one. Default: the same instance is started anew. */
  readonly newInstanceId?: string | undefined
}

/** An outcome that a handle is not to report (again): that of a replaced execution, or of one before a rewind. */
export interface OldOutcome {
  readonly executionId: string
  /** Undefined: whenever it ended. */
  readonly completedAt: string | undefined
}

export async function raiseEvent(context: ClientContext, instanceId: string, event: EventTarget | string, payload: unknown): Promise<void> {
  checkInstanceId(instanceId)
  const message = raisedEvent(context, instanceId, event, payload)
  await context.call(() => context.service.client.send([message]))
}

export async function terminate(context: ClientContext, instanceId: string, reason: string | undefined, { recursive = false }: TerminateOptions): Promise<void> {
  checkInstanceId(instanceId)
  const ended = recursive && context.service.query !== undefined && hasEnded(await readState(context, instanceId, false))
  await send(context, terminationOf(context, instanceId, reason, recursive))
  if (!ended) return
  for await (const child of descendants(context, instanceId, 'recursive terminate')) {
    if (!isFinal(child.status)) await send(context, terminationOf(context, child.instanceId, reason, true))
  }
}

export async function suspend(context: ClientContext, instanceId: string, reason: string | undefined): Promise<void> {
  checkInstanceId(instanceId)
  await send(context, controlOf(context, instanceId, 'ExecutionSuspended', reason))
}

export async function resume(context: ClientContext, instanceId: string, reason: string | undefined): Promise<void> {
  checkInstanceId(instanceId)
  await send(context, controlOf(context, instanceId, 'ExecutionResumed', reason))
}

/** @throws DTFX_NOT_SUPPORTED, DTFX_INSTANCE_NOT_FOUND, DTFX_REWIND_NOT_FAILED */
export async function rewind(context: ClientContext, instanceId: string, reason: string | undefined): Promise<OldOutcome> {
  checkInstanceId(instanceId)
  if (!context.service.capabilities.rewind) throw dtfxError('DTFX_NOT_SUPPORTED', { provider: context.service.name, what: 'rewind' })
  const state = await readExisting(context, instanceId, false)
  if (state.status !== 'Failed') throw dtfxError('DTFX_REWIND_NOT_FAILED', { instanceId, status: state.status })
  await send(context, controlOf(context, instanceId, 'ExecutionRewound', reason))
  return { executionId: state.executionId, completedAt: state.completedAt }
}

/** Starts anew with the same name, input, tags and version. @throws DTFX_INSTANCE_NOT_FOUND, DTFX_INSTANCE_NOT_FINISHED, DTFX_INSTANCE_EXISTS */
export async function restart(context: ClientContext, instanceId: string, { newInstanceId }: RestartOptions): Promise<Started> {
  checkInstanceId(instanceId)
  const state = await readExisting(context, instanceId, true)
  const isSame = newInstanceId === undefined || newInstanceId === instanceId
  if (isSame && !isFinal(state.status)) throw dtfxError('DTFX_INSTANCE_NOT_FINISHED', { instanceId, status: state.status, what: 'restart' })
  const source = { name: state.name, version: state.version, payload: state.input, generation: isSame ? state.generation + 1 : 0 }
  const prepared = startWith(context, source, { instanceId: isSame ? instanceId : newInstanceId, tags: state.tags })
  const started = await startOrchestration(context, prepared, { reuse: isSame ? 'replaceFinished' : 'error' })
  return isSame ? { ...started, replaced: [state.executionId] } : started
}

/** Number of instances that were purged. @throws DTFX_NOT_SUPPORTED, DTFX_INSTANCE_NOT_FINISHED */
export async function purge(context: ClientContext, instanceId: string, { recursive = false }: PurgeOptions): Promise<number> {
  checkInstanceId(instanceId)
  const port = context.require('purge', 'purge')
  const ids = [instanceId]
  if (recursive) {
    const state = await readState(context, instanceId, false)
    if (state !== undefined) checkEnded(state)
    for await (const child of descendants(context, instanceId, 'recursive purge')) ids.push(checkEnded(child).instanceId)
  }
  let purged = 0
  // Children first: if it is cut short, what is left is still found from the instance it was asked for.
  for (const id of ids.toReversed()) {
    const outcome = await context.call(() => port.purge(id))
    if (outcome === 'not-finished') checkEnded(await readExisting(context, id, false), true)
    if (outcome === 'purged') purged++
  }
  return purged
}

/** @throws DTFX_INSTANCE_NOT_FOUND */
export async function readExisting(context: ClientContext, instanceId: string, payloads: boolean): Promise<InstanceState> {
  const state = await readState(context, instanceId, payloads)
  if (state === undefined) throw dtfxError('DTFX_INSTANCE_NOT_FOUND', { instanceId })
  return state
}

export async function readState(context: ClientContext, instanceId: string, payloads: boolean): Promise<InstanceState | undefined> {
  checkInstanceId(instanceId)
  return context.call(() => context.service.client.getState(instanceId, { payloads }))
}

function send(context: ClientContext, message: OutboundMessage): Promise<void> {
  return context.call(() => context.service.client.send([message]))
}

function hasEnded(state: InstanceState | undefined): boolean {
  return state === undefined || isFinal(state.status)
}

/** @throws DTFX_INSTANCE_NOT_FINISHED */
function checkEnded(state: InstanceState, refused = false): InstanceState {
  if (refused || !isFinal(state.status)) throw dtfxError('DTFX_INSTANCE_NOT_FINISHED', { instanceId: state.instanceId, status: state.status, what: 'purge' })
  return state
}
