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

const cannotWatch = Symbol('cannot watch')

const pollBackoff = { firstMs: 100, maxMs: 3_000, factor: 1.5 }

/** @throws WaitTimeoutError; the reason of `signal` */
export async function waitForState(context: ClientContext, wait: StateWait): Promise<InstanceState | undefined> {
  const { signal, timeoutMs } = wait
  const { host } = context.service
  const over = new AbortController()
  const end = (): void => over.abort(waitIsOver)
  let isLate = false
  const cancelTimer =
    timeoutMs === undefined
      ? undefined
      : host.clock.setTimer(timeoutMs, () => {
          isLate = true
          end()
        })
  signal?.addEventListener('abort', end, { once: true })
  try {
    for (let round = 1; ; round++) {
      signal?.throwIfAborted()
      const changed = nextChange(context, wait.instanceId, over.signal)
      const state = await context.call(() => context.service.client.getState(wait.instanceId, { payloads: wait.payloads }))
      if (wait.until(state)) return state
      if (isLate) throw new WaitTimeoutError(wait.instanceId, state?.status ?? 'missing', timeoutMs as number)
      const problem = await changed
      if (problem !== undefined && problem !== cannotWatch && !DurableError.is(problem, 'DTFX_TRANSIENT')) throw problem
      if (problem !== undefined) await sleep(host.clock, backoffMs(pollBackoff, round, host.random), over.signal)
    }
  } finally {
    cancelTimer?.()
    signal?.removeEventListener('abort', end)
    end()
  }
}

/** Begins to watch at once, if the provider can. Resolves at the next change; with `cannotWatch`, or what went wrong, when the caller has to poll. Never rejects: most watches are given up. */
function nextChange({ service }: ClientContext, instanceId: string, signal: AbortSignal): Promise<unknown> | typeof cannotWatch {
  if (service.client.watch === undefined || signal.aborted) return cannotWatch
  return service.client.watch(instanceId, signal).then(noProblem, itself)
}

const noProblem = (): undefined => undefined
const itself = (error: unknown): unknown => error
