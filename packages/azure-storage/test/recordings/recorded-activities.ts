/** TypeScript versions of the activities that the recorded .NET programme ran (its orchestrations are in the tests of core), with the texts of its errors. */
import { defineActivity, type AnyActivity } from '@dtfx/core'

/** An error whose type has the name of a .NET class. */
function dotnetError(type: string, message: string, cause?: Error): Error {
  return Object.defineProperty(new Error(message, { cause }), 'name', { value: `System.${type}` })
}

/** Activities of one run; those that fail at first count for themselves. */
export function recordedActivities(): AnyActivity[] {
  const attempts = new Map<string, number>()
  return [
    defineActivity('Hello', async (_ctx, name: string) => `Hello ${name}!`),
    defineActivity('Hello', async (_ctx, name: string) => `Hello ${name}!`, { version: '2.0' }),
    defineActivity('Square', async (_ctx, value: unknown) => {
      if (typeof value !== 'number') throw dotnetError('FormatException', `The input string '${String(value)}' was not in a correct format.`)
      return value * value
    }),
    defineActivity('BigString', async (_ctx, length: number) => Array.from({ length }, (_, index) => String.fromCodePoint(97 + (index % 26))).join('')),
    defineActivity('Length', async (_ctx, text: string) => text.length),
    defineActivity('Flaky', async (_ctx, key: string) => {
      const attempt = (attempts.get(key) ?? 0) + 1
      attempts.set(key, attempt)
      if (attempt <= Number(key.split('#')[1])) throw dotnetError('TimeoutException', `flaky attempt ${attempt}`)
      return `ok after ${attempt}`
    }),
    defineActivity('Fail', async (_ctx, text: string) => {
      const innermost = dotnetError('ArgumentException', `innermost: ${text} (Parameter 'param1')`)
      throw dotnetError('InvalidOperationException', 'outer failure', dotnetError('IO.IOException', 'middle', innermost))
    }),
    defineActivity('PocoEcho', async (_ctx, poco: { readonly Count: number }) => ({ ...poco, Count: poco.Count + 1 })),
  ]
}
