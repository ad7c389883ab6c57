/**
 * Runs a generator orchestration (the style of durable-functions) as an async one: each yielded task is awaited and its value or error sent back in. For migrations; new code awaits.
 * The one place where `any` is public: TypeScript cannot type the value of a plain `yield`.
 */
import type { OrchestrationContext } from './orchestration-context.js'

export function fromGenerator<In, Out>(
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- see above
  generator: (ctx: OrchestrationContext<In>, input: In) => Generator<PromiseLike<any>, Out, any>,
): (ctx: OrchestrationContext<In>, input: In) => Promise<Out> {
  return async (ctx, input) => {
    const run = generator(ctx, input)
    let step = run.next()
    while (step.done !== true) {
      let settled: { readonly value: unknown } | { readonly error: unknown }
      try {
        settled = { value: await step.value }
      } catch (error) {
        settled = { error }
      }
      step = 'error' in settled ? run.throw(settled.error) : run.next(settled.value)
    }
    return step.value
  }
}
