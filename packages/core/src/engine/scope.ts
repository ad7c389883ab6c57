/**
 * Attribution: which execution the running code belongs to, if any.
 *
 * Invariants:
 * 1. Orchestration code runs inside `scope` with its execution as the store, and so does everything it starts.
 * 2. `turns.active` is the number of executions between "something was settled" and "drained" (0 or 1, since turns are serialized);
 *    the patched globals look at it first, so that they cost one comparison outside turns.
 * 3. Executions start in the context of this module's load: a suspended one never keeps a caller's request or span alive.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Execution } from './execution.js'

export const scope = new AsyncLocalStorage<Execution>()

export const turns = { active: 0 }

/** Runs `fn` in the context that was current when this module loaded: without any caller's stores. */
export const inRootContext: <R>(fn: () => R) => R = AsyncLocalStorage.snapshot()

/** The execution whose code is running now; undefined outside turns, also for foreign code that runs between two steps of a turn. */
export function currentExecution(): Execution | undefined {
  return turns.active === 0 ? undefined : scope.getStore()
}
