/** Waits for the end of an instance and turns it into the result, or the error that tells how it ended. */
import { durationMs, type Duration } from '../base/duration.js'
import { dtfxError } from '../errors/durable-error.js'
import { OrchestrationFailedError, OrchestrationTerminatedError } from '../errors/user-errors.js'
import { isFinal, type InstanceState } from '../model/instance.js'
import type { ClientContext } from './client-context.js'
import { readState, type OldOutcome } from './instance-commands.js'
import { waitForState } from './wait-for-state.js'

export interface ResultOptions {
  /** Default: waits as long as it takes. */
  readonly timeout?: Duration | undefined
  /** Ends the wait with its reason. */
  readonly signal?: AbortSignal | undefined
}

/** @throws OrchestrationFailedError, OrchestrationTerminatedError, WaitTimeoutError, DTFX_INSTANCE_NOT_FOUND; the reason of `signal` */
export async function awaitResult(context: ClientContext, instanceId: string, old: readonly OldOutcome[], { timeout, signal }: ResultOptions): Promise<unknown> {
  const timeoutMs = timeout === undefined ? undefined : durationMs(timeout, 'timeout')
  const { clock } = context.service.host
  const beganMs = clock.monotonicMs()
  const isOver = (state: InstanceState | undefined): boolean => state === undefined || (isFinal(state.status) && !old.some((each) => isOutcome(state, each)))
  // Who polls reads often: the payloads only once, at the end.
  const payloads = context.service.client.watch !== undefined
  for (;;) {
    const restMs = timeoutMs === undefined ? undefined : Math.max(0, timeoutMs - (clock.monotonicMs() - beganMs))
    const state = await waitForState(context, { instanceId, until: isOver, payloads, timeoutMs: restMs, signal })
    const whole = payloads || state === undefined ? state : await readState(context, instanceId, true)
    if (whole === undefined) throw dtfxError('DTFX_INSTANCE_NOT_FOUND', { instanceId })
    if (isOver(whole)) return outcomeOf(context, whole)
  }
}

function isOutcome({ executionId, completedAt }: InstanceState, old: OldOutcome): boolean {
  return executionId === old.executionId && (old.completedAt === undefined || old.completedAt === completedAt)
}

function outcomeOf({ converter }: ClientContext, state: InstanceState): unknown {
  const { name, instanceId, status, output } = state
  if (status === 'Completed') return converter.decode(output, `result of orchestration '${name}' (${instanceId})`)
  if (status !== 'Failed') throw new OrchestrationTerminatedError(name, instanceId, output)
  throw new OrchestrationFailedError(name, instanceId, state.failure ?? { errorType: 'Error', errorMessage: output ?? 'no reason is stored', isNonRetriable: false })
}
