/**
 * Sends a prepared start under a reuse policy. `replace` is made of the store's policies: terminate, wait for the end, replace the finished one; bounded in time and attempts.
 */
import { durationMs, type Duration } from '../base/duration.js'
import { limits } from '../base/limits.js'
import { dtfxError } from '../errors/durable-error.js'
import { isFinal, type InstanceState } from '../model/instance.js'
import type { CreatePolicy, CreateResult } from '../provider/client-port.js'
import type { ClientContext } from './client-context.js'
import { terminationOf } from './control-messages.js'
import type { PreparedStart, ReusePolicy } from './start-options.js'
import { waitForState } from './wait-for-state.js'

export interface Started {
  readonly instanceId: string
  /** Undefined when an existing instance was taken (`skip`). */
  readonly executionId: string | undefined
  /** Executions that this start replaced: their outcome is not its outcome. */
  readonly replaced: readonly string[]
}

export interface ReuseOptions {
  readonly reuse: ReusePolicy
  readonly replaceTimeout?: Duration | undefined
}

/** @throws DTFX_INSTANCE_EXISTS; WaitTimeoutError when the old execution does not end */
export async function startOrchestration(context: ClientContext, prepared: PreparedStart, options: ReuseOptions): Promise<Started> {
  const { instanceId, executionId } = prepared
  if (options.reuse === 'replace') return replace(context, prepared, durationMs(options.replaceTimeout ?? limits.replaceTimeoutMs, 'replaceTimeout'))
  const result = await create(context, prepared, options.reuse)
  if (result.outcome !== 'exists') return { instanceId, executionId, replaced: [] }
  if (options.reuse === 'skip') return { instanceId, executionId: undefined, replaced: [] }
  throw dtfxError('DTFX_INSTANCE_EXISTS', { instanceId, status: result.state.status })
}

async function replace(context: ClientContext, prepared: PreparedStart, timeoutMs: number): Promise<Started> {
  const { instanceId, executionId } = prepared
  const { clock } = context.service.host
  const deadlineMs = clock.monotonicMs() + timeoutMs
  const replaced = new Set<string>()
  for (let attempt = 1; ; attempt++) {
    const result = await create(context, prepared, 'replaceFinished')
    if (result.outcome !== 'exists') return { instanceId, executionId, replaced: [...replaced] }
    if (attempt > limits.maxReplaceAttempts) throw dtfxError('DTFX_INSTANCE_EXISTS', { instanceId, status: result.state.status })
    replaced.add(result.state.executionId)
    if (!isFinal(result.state.status)) await endOf(context, result.state, Math.max(0, deadlineMs - clock.monotonicMs()), replaced)
  }
}

/**
 * Terminates a live instance and waits until it has ended, is gone, or is another execution. The message names the execution that was seen: if somebody else replaces it meanwhile, the new one
 * is not ended by it. One that continues as new would slip away like that, so from its second generation on the instance is ended whatever execution it has come to.
 */
async function endOf(context: ClientContext, { instanceId, executionId, generation }: InstanceState, timeoutMs: number, seen: Set<string>): Promise<void> {
  const { message, ...termination } = terminationOf(context, instanceId, 'replaced by a new start', true)
  const instance = generation === 0 ? { instanceId, executionId } : { instanceId }
  await context.call(() => context.service.client.send([{ ...termination, message: { ...message, instance } }]))
  const until = (state: InstanceState | undefined): boolean => {
    if (state !== undefined) seen.add(state.executionId)
    return state === undefined || isFinal(state.status) || (generation === 0 && state.executionId !== executionId)
  }
  await waitForState(context, { instanceId, until, payloads: false, timeoutMs })
}

function create(context: ClientContext, { start, messages }: PreparedStart, reuse: CreatePolicy): Promise<CreateResult> {
  return context.call(() => context.service.client.create({ start, messages, reuse }))
}
