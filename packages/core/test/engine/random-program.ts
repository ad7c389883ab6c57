/**
 * Random orchestrations for the differential fuzz: a tree of constructs drawn from a seed, and its interpreter. The same tree runs in every variant; what it does is written to a log.
 * Invariant: between two durable calls a program does nothing that depends on anything but its tree and its durable results.
 */
import { defineEvent } from '../../src/authoring/definitions.js'
import type { ContinuedAsNew, OrchestrationContext } from '../../src/authoring/orchestration-context.js'
import { seededRandom, type Random } from '../../src/base/random.js'

type Kind =
  | 'activity' | 'retried' | 'limited' | 'timer' | 'longTimer' | 'event' | 'eventOrTimeout' | 'child' | 'startChild' | 'send' | 'patch' | 'status'
  | 'sequence' | 'all' | 'race' | 'any' | 'settled' | 'generator' | 'then' | 'hops' | 'background' | 'map' | 'cancelled' | 'abandoned'

export interface ProgramNode {
  readonly kind: Kind
  readonly id: number
  /** A number whose meaning depends on the kind: delay, hops, concurrency, index of a name. */
  readonly n: number
  readonly children: readonly ProgramNode[]
}

/** Weights of leaves and of constructs with children. */
const leaves: readonly (readonly [Kind, number])[] = [
  ['activity', 26], ['retried', 6], ['limited', 5], ['timer', 6], ['longTimer', 2], ['event', 4], ['eventOrTimeout', 4], ['child', 6], ['startChild', 2], ['send', 2], ['patch', 3], ['status', 3],
]
const constructs: readonly (readonly [Kind, number])[] = [
  ['sequence', 14], ['all', 14], ['race', 12], ['any', 6], ['settled', 6], ['generator', 6], ['then', 6], ['hops', 8], ['background', 7], ['map', 6], ['cancelled', 5], ['abandoned', 4],
]
const single: ReadonlySet<Kind> = new Set(['then', 'hops', 'cancelled', 'abandoned'])

const timed = defineEvent<number>('eVENT1')

export function randomProgram(seed: number): ProgramNode {
  const random = seededRandom(seed)
  let ids = 0
  const node = (depth: number): ProgramNode => {
    const leaf = depth === 0 || random.next() < 0.3
    const kind = pick(random, leaf ? leaves : constructs)
    const count = leaf ? 0 : single.has(kind) ? 1 : kind === 'background' ? 2 : 2 + Math.floor(random.next() * 3)
    const id = ids++
    return { kind, id, n: Math.floor(random.next() * 1000), children: many(count, depth - 1) }
  }
  const many = (count: number, depth: number): ProgramNode[] => Array.from({ length: count }, () => node(depth))
  const fixed = (kind: Kind, children: readonly ProgramNode[]): ProgramNode => ({ kind, id: ids++, n: 0, children })
  return fixed('sequence', [fixed('race', many(3, 2)), fixed('all', many(3, 2)), node(3), fixed('activity', [])])
}

/** Runs the tree; the result depends on every durable result it saw, and some end by continuing as new. */
export async function interpret(ctx: OrchestrationContext, root: ProgramNode, log: string[]): Promise<number | ContinuedAsNew> {
  const note = (text: string): void => void log.push(`${text} ${ctx.random().toFixed(5)} ${ctx.now.getTime()}`)
  const durable = leafRunner(ctx, note)
  const run = async (node: ProgramNode): Promise<number> => {
    const { kind, id, n, children } = node
    const [first, second] = children as [ProgramNode, ProgramNode]
    switch (kind) {
      case 'sequence': {
        let sum = 0
        for (const child of children) sum += await run(child)
        return sum
      }
      case 'all':
        return (await Promise.all(children.map(run))).reduce((a, b) => a + b, 0)
      case 'race': {
        const [winner, value] = await Promise.race(children.map(async (child, index) => [index, await run(child)] as const))
        return value + (await durable.call(`won${winner}`))
      }
      case 'any': {
        const attempts = children.map(async (child, index) => {
          const value = await run(child)
          if (value % 4 === 0) throw new Error(`unlucky ${index}`)
          return index
        })
        return durable.call(`any${await Promise.any(attempts).catch((error: AggregateError) => error.errors.length + 10)}`)
      }
      case 'settled': {
        const outcomes = await Promise.allSettled(children.map(async (child) => oddOnly(await run(child))))
        return durable.call(outcomes.map((outcome) => outcome.status[0]).join(''))
      }
      case 'generator': {
        async function* values(): AsyncGenerator<number> {
          for (const child of children) yield run(child)
        }
        let sum = 0
        for await (const value of values()) sum += value + (await durable.call(`step${value % 2}`))
        return sum
      }
      case 'then': {
        let chain = run(first)
        for (let i = 0; i < n % 6; i++) chain = chain.then((value) => value + 1)
        return durable.call(`then${(await chain) % 3}`)
      }
      case 'hops':
        for (let i = 0; i < n % 130; i++) await null
        return run(first)
      case 'background': {
        const background = run(first).then(oddOnly)
        const value = await run(second)
        return value + (await background.catch(() => 7))
      }
      case 'map': {
        const values = await ctx.map(children, run, n % 2 === 0 ? { concurrency: 1 + (n % 3) } : {})
        return values.reduce((a, b) => a + b, 0)
      }
      case 'cancelled': {
        using timer = ctx.createTimer(1000 + n)
        const late = await Promise.race([timer.then(() => true), run(first).then(() => false)])
        return durable.call(late ? 'late' : 'early')
      }
      case 'abandoned':
        void run(first).then(oddOnly).catch(() => note(`abandoned ${id}`))
        return id
      default:
        return durable.leaf(node)
    }
  }
  const result = await run(root)
  return result % 4 === 0 ? ctx.continueAsNew(result) : result
}

function leafRunner(ctx: OrchestrationContext, note: (text: string) => void): { call(name: string): Promise<number>; leaf(node: ProgramNode): Promise<number> } {
  const settle = async (what: string, task: Promise<unknown>): Promise<number> => {
    try {
      const value = await task
      note(`${what} = ${JSON.stringify(value)}`)
      return typeof value === 'number' ? value : 3
    } catch (error) {
      note(`${what} ! ${(error as Error).name}`)
      return 5
    }
  }
  const call = (name: string): Promise<number> => settle(name, ctx.callActivity(name))
  const leaf = async ({ kind, id, n }: ProgramNode): Promise<number> => {
    note(`${kind} ${id}`)
    switch (kind) {
      case 'retried':
        return settle(`retried ${id}`, ctx.callActivity(`r${id}`, n, { retry: { maxAttempts: 1 + (n % 4), firstDelay: 100, backoff: 2, jitter: (n % 3) / 3 } }))
      case 'limited':
        return settle(`limited ${id}`, ctx.callActivity(`l${id}`, n, { timeout: n, ...(n % 2 === 0 ? { retry: { maxAttempts: 3 } } : {}) }))
      case 'timer':
        return settle(`timer ${id}`, ctx.createTimer(n))
      case 'longTimer':
        return settle(`long ${id}`, ctx.createTimer(`${7 + (n % 20)}d`))
      case 'event':
        return settle(`event ${id}`, ctx.waitForExternalEvent(`Event${n % 3}`))
      case 'eventOrTimeout':
        return settle(`event ${id}`, n % 2 === 0 ? ctx.waitForExternalEvent(`EVENT${n % 3}`, { timeout: n }) : ctx.waitForExternalEvent(timed, { timeout: n, onTimeout: 'undefined' }))
      case 'child':
        return settle(`child ${id}`, ctx.callSubOrchestration(`c${id}`, n, n % 3 === 0 ? { retry: { maxAttempts: 2 } } : {}))
      case 'startChild':
        ctx.startSubOrchestration(`s${id}`, n)
        return 1
      case 'send':
        ctx.sendEvent('somebody', `Event${id}`, n)
        return 1
      case 'patch':
        note(`patched ${ctx.patched(`p${n % 5}`)}`)
        return 1
      case 'status':
        ctx.setCustomStatus({ id, guid: ctx.newGuid() })
        return 1
      default:
        return call(`a${id}`)
    }
  }
  return { call, leaf }
}

function oddOnly(value: number): number {
  if (value % 2 === 0) throw new Error(`even ${value}`)
  return value
}

function pick(random: Random, weighted: readonly (readonly [Kind, number])[]): Kind {
  let left = random.next() * weighted.reduce((sum, [, weight]) => sum + weight, 0)
  for (const [kind, weight] of weighted) {
    left -= weight
    if (left < 0) return kind
  }
  return 'activity'
}
