/**
 * Random orchestrations run three ways: on suspended executions, as a replay in every turn, and as one replay of the final history. All must decide the same.
 * `DTFX_FUZZ_COUNT=5000` for a campaign, `DTFX_FUZZ_SEED=123` for one program (as a failure prints).
 */
import { afterEach, describe, expect, it } from 'vitest'
import { defineOrchestration, type AnyOrchestration } from '../../src/authoring/definitions.js'
import type { TurnRequest } from '../../src/engine/turn-executor.js'
import type { OrchestratorAction } from '../../src/model/actions.js'
import { ForeignNoise } from './foreign-noise.js'
import { interpret, randomProgram, type ProgramNode } from './random-program.js'
import { live, type Life } from './random-world.js'
import { testKey } from './history-events.js'
import { engineOf, type Decided } from './test-instance.js'

const count = Number(process.env['DTFX_FUZZ_COUNT'] ?? 250)
const onlySeed = process.env['DTFX_FUZZ_SEED']
const concurrency = 25

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

describe('random orchestrations decide the same sticky, replayed every turn and replayed at once', () => {
  it.each([false, true])(`with foreign noise, throwing: %s`, { timeout: 3_600_000 }, async (throwing) => {
    const noise = new ForeignNoise(throwing)
    stops.push(() => noise.stop())
    const seeds = onlySeed === undefined ? Array.from({ length: Math.ceil(count / 2) }, (_, i) => 2 * i + (throwing ? 2 : 1)) : [Number(onlySeed)]
    const totals = { events: 0, turns: 0, ended: 0 }
    const lane = async (): Promise<void> => {
      for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
        const life = await compare(seed)
        totals.events += life.history.length
        totals.turns += life.turns
        totals.ended++
      }
    }
    const expected = seeds.length
    await Promise.all(Array.from({ length: concurrency }, lane))
    expect(totals.ended).toBe(expected)
    expect(totals.turns).toBeGreaterThan(expected)
    expect(noise.leaks).toBe(0)
    if (throwing && expected > 10) expect(noise.thrown).toBeGreaterThan(10)
    if (process.env['DTFX_FUZZ_COUNT'] !== undefined) process.stderr.write(`fuzz on Node ${process.version}: ${JSON.stringify({ ...totals, thrown: noise.thrown })}\n`)
  })
})

async function compare(seed: number): Promise<Life> {
  try {
    const program = randomProgram(seed)
    const sticky = new Variant(program)
    const replaying = new Variant(program)
    const once = new Variant(program)
    const life = await live('fuzz', seed, (past, fresh, customStatus) => sticky.run({ past: past.length === 0 ? past : undefined, fresh, customStatus, keep: true }))
    const other = await live('fuzz', seed, (past, fresh, customStatus) => replaying.run({ past: [...past], fresh, customStatus, keep: false }))
    const last = await once.run({ past: life.history, fresh: [], keep: false })
    expectSame(comparable(other), comparable(life))
    expectSame(replaying.log, sticky.log)
    expectSame(once.log, sticky.log)
    // What is left to decide is the end, which was not stored.
    expectSame({ actions: last.actions.map(withoutStack), customStatus: last.customStatus }, { actions: [withoutStack(life.end)], customStatus: life.customStatus })
    expect(life.end.status).toBe(life.end.result !== undefined && Number(life.end.result) % 4 === 0 ? 'ContinuedAsNew' : 'Completed')
    return life
  } catch (error) {
    throw new Error(`seed ${seed} differs. To run it alone: DTFX_FUZZ_SEED=${seed} npx vitest run packages/core/test/engine/differential-fuzz.test.ts`, { cause: error })
  }
}

/** One way to run a program. The log is that of the latest start of its code. */
class Variant {
  log: string[] = []
  readonly #engine

  constructor(program: ProgramNode) {
    const run = (ctx: Parameters<typeof interpret>[0]): ReturnType<typeof interpret> => interpret(ctx, program, (this.log = []))
    this.#engine = engineOf(defineOrchestration('fuzz', run as never) as AnyOrchestration)
  }

  async run(request: Omit<TurnRequest, 'key'>): Promise<Decided> {
    const result = await this.#engine.run({ key: testKey, ...request })
    if (result.kind !== 'decided') throw new Error(`the engine answered ${result.kind}`)
    return result
  }
}

function comparable({ history, decisions, end, customStatus, turns }: Life): unknown {
  return { history, decisions: decisions.map((actions) => actions.filter((action) => action.type !== 'Complete')), end: withoutStack(end), customStatus, turns }
}

function withoutStack(action: OrchestratorAction): unknown {
  return action.type === 'Complete' && action.failure !== undefined ? { ...action, failure: { ...action.failure, stackTrace: undefined } } : action
}

/** The assertion that shows differences is slow on long histories: text first. */
function expectSame(actual: unknown, expected: unknown): void {
  if (JSON.stringify(actual) !== JSON.stringify(expected)) expect(actual).toStrictEqual(expected)
}
