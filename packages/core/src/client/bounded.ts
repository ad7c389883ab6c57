/** Work on many items with a bounded number open at once. */
import { dtfxError } from '../errors/durable-error.js'

/**
 * Calls `work` for every item. The first error, of an item or of the source, ends it: no new item is begun, and once the open ones have ended it is thrown.
 * `signal` ends it the same way, without an error.
 */
export async function forEachBounded<T>(items: Iterable<T> | AsyncIterable<T>, options: BoundedOptions, work: (item: T, index: number) => Promise<void>): Promise<void> {
  const source = generate(items)
  let index = 0
  let failure: { readonly error: unknown } | undefined
  const run = async (): Promise<void> => {
    while (failure === undefined && options.signal?.aborted !== true) {
      const next = await source.next()
      if (next.done === true) return
      await work(next.value, index++)
    }
  }
  const runner = (): Promise<void> =>
    run().catch((error: unknown) => {
      failure ??= { error }
    })
  await Promise.all(Array.from({ length: options.concurrency }, runner))
  await source.return(undefined)
  if (failure !== undefined) throw (failure as { readonly error: unknown }).error
}

export interface BoundedOptions {
  readonly concurrency: number
  readonly signal?: AbortSignal | undefined
}

/** @throws DTFX_INVALID_OPTION */
export function checkConcurrency(concurrency: number | undefined, fallback: number): number {
  if (concurrency === undefined) return fallback
  if (Number.isInteger(concurrency) && concurrency >= 1) return concurrency
  throw dtfxError('DTFX_INVALID_OPTION', { what: 'concurrency', problem: `is ${String(concurrency)}; give a whole number ≥ 1` })
}

/** A generator queues concurrent calls of `next`, which other iterators need not do. */
async function* generate<T>(items: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T, undefined> {
  yield* items
  return undefined
}
