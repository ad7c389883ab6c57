/**
 * `ctx.map`: `fn` for every item with a bound on how many are open. Works on any promises, but is meant for durable ones: the order of starts is deterministic because the order of completions is.
 * Invariant: results are in the order of the items; after the first error nothing new is started (unless told to settle or not to stop).
 */
import { dtfxError } from '../errors/durable-error.js'
import { noop } from './execution.js'

interface MapSettings {
  readonly concurrency?: number | undefined
  readonly settle?: boolean | undefined
  readonly stopOnError?: boolean | undefined
}

export async function mapItems(items: readonly unknown[], fn: (item: unknown, index: number) => Promise<unknown>, options: MapSettings = {}): Promise<unknown[]> {
  const concurrency = options.concurrency ?? Number.POSITIVE_INFINITY
  if (!(concurrency >= 1 && (Number.isInteger(concurrency) || concurrency === Number.POSITIVE_INFINITY))) throw dtfxError('DTFX_INVALID_OPTION', { what: 'ctx.map', problem: `concurrency is ${concurrency}; give a whole number ≥ 1` })
  const outcomes: PromiseSettledResult<unknown>[] = new Array(items.length)
  let next = 0
  let failed: { readonly error: unknown } | undefined
  const stop = (): boolean => failed !== undefined && options.settle !== true && options.stopOnError !== false
  const lane = async (): Promise<void> => {
    while (next < items.length && !stop()) {
      const index = next++
      try {
        outcomes[index] = { status: 'fulfilled', value: await fn(items[index], index) }
      } catch (error) {
        outcomes[index] = { status: 'rejected', reason: error }
        failed ??= { error }
        if (stop()) throw error
      }
    }
  }
  const lanes = Array.from({ length: Math.min(concurrency, items.length) }, lane)
  for (const each of lanes) each.catch(noop)
  await Promise.all(lanes)
  if (options.settle === true) return outcomes
  if (failed !== undefined) throw (failed as { error: unknown }).error
  return outcomes.map((outcome) => (outcome as PromiseFulfilledResult<unknown>).value)
}
