import { AsyncLocalStorage } from 'node:async_hooks'
import { stat } from 'node:fs'
import { MessageChannel } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { TurnPump } from '../../src/engine/turn-pump.js'

/** Ways to keep the microtask queue busy, each for thousands of microtasks. */
const shapes: Record<string, () => PromiseLike<unknown>> = {
  'a chain of 100 000 awaits': async () => {
    for (let i = 0; i < 100_000; i++) await null
  },
  'a chain of 50 000 thens': () => {
    let chain = Promise.resolve(0)
    for (let i = 0; i < 50_000; i++) chain = chain.then((value) => value + 1)
    return chain
  },
  'Promise.all of 5 000 functions with 20 hops': () =>
    Promise.all(
      Array.from({ length: 5_000 }, async () => {
        for (let i = 0; i < 20; i++) await 0
      }),
    ),
  'Promise.all nested 50 × 50 × 5': () =>
    Promise.all(range(50).map(() => Promise.all(range(50).map(() => Promise.all(range(5).map(async (value) => void (await value))))))),
  'an async generator of 10 000 values': async () => {
    async function* values(): AsyncGenerator<number> {
      for (let i = 0; i < 10_000; i++) {
        await null
        yield i
      }
    }
    for await (const value of values()) void value
  },
  'yield* through nested async generators': async () => {
    async function* tree(depth: number): AsyncGenerator<number> {
      if (depth === 0) yield await 1
      else for (let i = 0; i < 4; i++) yield* tree(depth - 1)
    }
    for await (const value of tree(5)) void value
  },
  '5 000 thenables': async () => {
    for (let i = 0; i < 5_000; i++) await thenable(i)
  },
  '50 000 recursive queueMicrotasks': () =>
    new Promise<void>((resolve) => {
      let i = 0
      const hop = (): void => (i++ < 50_000 ? queueMicrotask(hop) : resolve())
      hop()
    }),
  'an async recursion 5 000 deep': () => {
    const descend = async (depth: number): Promise<void> => {
      if (depth > 0) await descend(depth - 1)
    }
    return descend(5_000)
  },
  'any, race and allSettled mixed': async () => {
    const late = async (): Promise<number> => {
      await 0
      await 0
      return 1
    }
    for (let i = 0; i < 500; i++) await Promise.race([Promise.any([rejected(1), late()]), Promise.allSettled([rejected(2), 3])])
  },
  'for await over 3 000 promises': async () => {
    for await (const value of range(3_000).map((i) => Promise.resolve(i))) void value
  },
}

/** Places of the event loop from which a turn may be submitted. */
const phases: Record<string, (start: () => void) => void> = {
  'a microtask': (start) => void Promise.resolve().then(start),
  'a tick': (start) => process.nextTick(start),
  'an immediate': (start) => void setImmediate(start),
  'a timer': (start) => void setTimeout(start, 1),
  'an I/O callback': (start) => stat('/', () => start()),
  'a timer inside an AsyncLocalStorage': (start) => new AsyncLocalStorage<object>().run({}, () => void setTimeout(start, 1)),
  'a message port': (start) => {
    const { port1, port2 } = new MessageChannel()
    port1.once('message', () => {
      port1.close()
      start()
    })
    port2.postMessage(1)
  },
}

const cells = Object.keys(phases).flatMap((phase) => Object.keys(shapes).map((shape) => [shape, phase] as const))

describe('everything an event unlocks runs before the next event', () => {
  it('has 77 cells', () => expect(cells).toHaveLength(77))

  it.each(cells)('%s, started from %s', async (shape, phase) => {
    const pump = new TurnPump(1_000)
    const seen = await new Promise<{ before: boolean; after: boolean }>((resolve, reject) => {
      phases[phase]?.(() => {
        const foreign = running(shape)
        let own: { done: boolean } | undefined
        let before = false
        let after = false
        pump.submit({
          advance: () => {
            if (own !== undefined) return false
            before = foreign.done
            own = running(shape)
            return true
          },
          drained: () => {
            after = own?.done === true
          },
          finish: () => resolve({ before, after }),
          fail: reject,
        })
      })
    })
    expect(seen).toStrictEqual({ before: true, after: true })
  })
})

describe('the matrix notices weaker drains', () => {
  const weaker: Record<string, (then: () => void) => void> = {
    'a plain nextTick': (then) => process.nextTick(then),
    '100 microtask hops': (then) => {
      let i = 0
      const hop = (): void => (i++ < 100 ? queueMicrotask(hop) : then())
      hop()
    },
  }
  it.each(Object.keys(weaker))('%s', async (name) => {
    const incomplete: string[] = []
    for (const shape of Object.keys(shapes)) {
      const done = await new Promise<boolean>((resolve) => {
        process.nextTick(() => {
          const state = running(shape)
          weaker[name]?.(() => resolve(state.done))
        })
      })
      if (!done) incomplete.push(shape)
    }
    expect(incomplete.length).toBeGreaterThan(8)
  })
})

function running(shape: string): { done: boolean } {
  const state = { done: false }
  void shapes[shape]?.().then(() => {
    state.done = true
  })
  return state
}

function range(length: number): number[] {
  return Array.from({ length }, (_, i) => i)
}

function rejected(reason: number): Promise<never> {
  return Promise.reject(new Error(String(reason)))
}

function thenable<T>(value: T): PromiseLike<T> {
  return {
    then: ((resolve: (value: T) => void) => resolve(value)) as PromiseLike<T>['then'],
  }
}
