import { describe, expect, it } from 'vitest'
import { TurnPump, type PumpJob } from '../../src/engine/turn-pump.js'

const job = (more: Partial<PumpJob>): PumpJob => ({ advance: () => false, drained: () => {}, finish: () => {}, fail: () => {}, ...more })
const submitted = (pump: TurnPump, more: Partial<PumpJob> = {}): Promise<void> =>
  new Promise((resolve, reject) => pump.submit(job({ ...more, finish: () => (more.finish?.(), resolve()), fail: (error) => (more.fail?.(error), reject(error)) })))

describe('the pump', () => {
  it('runs jobs one after the other, in the order of submission', async () => {
    const pump = new TurnPump(5)
    const order: string[] = []
    const steps = (name: string): Partial<PumpJob> => {
      let left = 3
      return { advance: () => (order.push(`${name}${left}`), left-- > 1), finish: () => void order.push(`${name} end`) }
    }
    await Promise.all(['a', 'b', 'c'].map((name) => submitted(pump, steps(name))))
    expect(order).toStrictEqual(['a3', 'a2', 'a1', 'a end', 'b3', 'b2', 'b1', 'b end', 'c3', 'c2', 'c1', 'c end'])
  })

  it('does not run a job within submit', async () => {
    let ran = false
    const done = submitted(new TurnPump(5), { advance: () => (ran = true) && false })
    expect(ran).toBe(false)
    await done
    expect(ran).toBe(true)
  })

  it('a job may submit the next one from its end', async () => {
    const pump = new TurnPump(5)
    const depth = await new Promise<number>((resolve) => {
      const next = (n: number): void => pump.submit(job({ finish: () => (n === 3_000 ? resolve(n) : next(n + 1)) }))
      next(0)
    })
    expect(depth).toBe(3_000)
  })

  it.each(['advance', 'finish'] as const)('an error thrown by %s fails that job alone', async (place) => {
    const pump = new TurnPump(5)
    const broken = submitted(pump, { [place]: () => { throw new Error('broken') } })
    const next = submitted(pump)
    if (place === 'advance') await expect(broken).rejects.toThrow('broken')
    else {
      const failure = new Promise((resolve) => pump.submit(job({ finish: () => { throw new Error('at the end') }, fail: resolve })))
      void broken.catch(() => {})
      expect(await failure).toMatchObject({ message: 'at the end' })
    }
    await next
  })

  it('keeps no finished job alive, and works again after it was idle', async () => {
    const pump = new TurnPump(5)
    for (let i = 0; i < 3; i++) {
      await Promise.all(Array.from({ length: 1_500 }, () => submitted(pump)))
      await new Promise((resolve) => setImmediate(resolve))
    }
  })
})

describe('fairness', () => {
  it('a long turn yields to timers and I/O, at drained points only', async () => {
    const pump = new TurnPump(2)
    const state = { inStep: false, rounds: 0, seenInStep: 0, left: 20_000 }
    const watch = setInterval(() => {
      state.rounds++
      if (state.inStep) state.seenInStep++
    }, 0)
    await submitted(pump, {
      advance: () => {
        state.inStep = true
        for (let i = 0; i < 2_000; i++) Math.sqrt(i)
        return state.left-- > 0
      },
      drained: () => void (state.inStep = false),
    })
    clearInterval(watch)
    expect(state.rounds).toBeGreaterThan(3)
    expect(state.seenInStep).toBe(0)
  })

  it('many short turns yield as well', async () => {
    const pump = new TurnPump(2)
    let rounds = 0
    const watch = setInterval(() => rounds++, 0)
    const busy = (): boolean => {
      for (let i = 0; i < 20_000; i++) Math.sqrt(i)
      return false
    }
    await Promise.all(Array.from({ length: 5_000 }, () => submitted(pump, { advance: busy })))
    clearInterval(watch)
    expect(rounds).toBeGreaterThan(3)
  })

  it('a foreign callback that throws between two steps does not stop it', async () => {
    const pump = new TurnPump(5)
    const others = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    const thrown: string[] = []
    const take = (error: Error): void => void thrown.push(error.message)
    process.on('uncaughtException', take)
    let left = 10
    const done = submitted(pump, {
      advance: () => {
        if (left % 3 === 0) process.nextTick(() => { throw new Error('foreign') })
        return left-- > 0
      },
    })
    await done
    await new Promise((resolve) => setImmediate(resolve))
    process.off('uncaughtException', take)
    for (const listener of others) process.on('uncaughtException', listener)
    expect(thrown.length).toBeGreaterThanOrEqual(3)
  })
})
