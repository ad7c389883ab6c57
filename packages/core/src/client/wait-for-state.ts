/**
 * Waits until the state of an instance is what the caller wants. With the provider's `watch` it reads once per change, without it it polls with back-off.
 * Invariant: the watch begins before the read, so that no change between the two is missed.
 */
import { backoffMs } from '../base/backoff.js'
import { sleep } from '../base/clock.js'
import { DurableError } from '../errors/durable-error.js'
import { WaitTimeoutError } from '../errors/user-errors.js'
import type { InstanceState } from '../model/instance.js'
import type { ClientContext } from './client-context.js'

export interface StateWait {
  readonly instanceId: string
  /** Ends the wait; undefined: there is no such instance. */
  readonly until: (state: InstanceState | undefined) => boolean
  /** Also read `input` and `output`. */
  readonly payloads: boolean
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** A reason of its own: without one every wait would make a DOMException with a stack. */
const waitIsOver = new Error('the wait is over')

const pollBackoff = { firstMs: 100, maxMs: 3_000, factor: 1.5 }

/** @throws WaitTimeoutError; the reason of `signal` */
export async function waitForState(context: ClientContext, wait: StateWait): Promise<InstanceState | undefined> {
  const { signal, timeoutMs } = wait
  const over = new AbortController()
  const end = (): void => over.abort(waitIsOver)
  let isLate = false
  const cancelTimer =
    timeoutMs === undefined
      ? undefined
      : context.service.host.clock.setTimer(timeoutMs, () => {
          isLate = true
          end()
        })
  signal?.addEventListener('abort', end, { once: true })
  try {
    for (let round = 1; ; round++) {
      signal?.throwIfAborted()
      const changed = nextChange(context, wait.instanceId, round, over.signal)
      const state = await context.call(() => context.service.client.getState(wait.instanceId, { payloads: wait.payloads }))
      if (wait.until(state)) return state
      if (isLate) throw new WaitTimeoutError(wait.instanceId, state?.status ?? 'missing', timeoutMs as number)
      await changed()
    }
  } finally {
    cancelTimer?.()
    signal?.removeEventListener('abort', end)
    end()
  }
}

/** Begins to watch at once, if the provider can; the returned function waits. */
function nextChange({ service }: ClientContext, instanceId: string, round: number, signal: AbortSignal): () => Promise<void> {
  const { client, host } = service
  const pause = (): Promise<void> => sleep(host.clock, backoffMs(pollBackoff, round, host.random), signal)
  if (client.watch === undefined || signal.aborted) return pause
  const watching = client.watch(instanceId, signal)
  watching.catch(() => {})
  return async () => {
    try {
      await watching
    } catch (error) {
      if (!DurableError.is(error, 'DTFX_TRANSIENT')) throw error
      await pause()
    }
  }
}
