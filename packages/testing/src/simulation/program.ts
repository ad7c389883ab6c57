/**
 * Random orchestration programs as data: what an instance of a simulation does, step by step. The same tree is its input, its plan for the checker and, made smaller, its counter-example.
 * Invariant: ids of steps are unique within a scenario, so that a result, an event or a failure belongs to one step of one instance.
 */
import type { Random } from '@dtfx/core/provider'

export type ProgramStep =
  /** An activity; its result goes into the trace. */
  | { readonly kind: 'work'; readonly id: number; readonly takesMs: number }
  /** An activity whose first executions fail, with durable retries. */
  | { readonly kind: 'flaky'; readonly id: number; readonly failures: number }
  /** An activity that always fails; the failure is caught. */
  | { readonly kind: 'bad'; readonly id: number }
  /** An activity that fails, and the instance with it, until the instance was rewound. */
  | { readonly kind: 'broken'; readonly id: number }
  | { readonly kind: 'timer'; readonly id: number; readonly delayMs: number }
  /** An activity against a timer. */
  | { readonly kind: 'race'; readonly id: number; readonly takesMs: number; readonly delayMs: number }
  /** As many external events of a name of its own. */
  | { readonly kind: 'collect'; readonly id: number; readonly count: number }
  | { readonly kind: 'all'; readonly id: number; readonly branches: readonly Program[] }
  | { readonly kind: 'child'; readonly id: number; readonly body: Program; readonly explicitId: boolean }
  /** A child that asks its parent by an event and waits for the answer. */
  | { readonly kind: 'talk'; readonly id: number; readonly body: Program }
  /** A child nobody waits for. */
  | { readonly kind: 'detached'; readonly id: number; readonly body: Program }
  /** A child that asks: the other half of `talk`. */
  | { readonly kind: 'ask'; readonly id: number }
  | { readonly kind: 'patch'; readonly id: number }
  /** Continue as new with the rest. */
  | { readonly kind: 'again'; readonly id: number }

export type Program = readonly ProgramStep[]
type Place = 'root' | 'root branch' | 'child' | 'branch'
export type StepKind = ProgramStep['kind']

export interface ProgramOptions {
  readonly explicitChildIds: boolean
}

const weights: readonly (readonly [StepKind, number])[] = [
  ['work', 26], ['flaky', 8], ['bad', 4], ['broken', 3], ['timer', 12], ['race', 8], ['collect', 12], ['all', 10], ['child', 8], ['talk', 4], ['detached', 3], ['patch', 3], ['again', 7],
]

/** Programs of one scenario draw their ids from one source. */
export class ProgramMaker {
  #ids = 0

  constructor(
    readonly random: Random,
    readonly options: ProgramOptions,
  ) {}

  /** `place`: a root is reached by clients, and everything but a branch may continue as new. */
  program(depth = 2, place: Place = 'root'): Program {
    return Array.from({ length: this.#upTo(place === 'root' ? 7 : 3) }, () => this.#step(depth, place))
  }

  #step(depth: number, place: Place): ProgramStep {
    const kind = this.#kind(depth, place)
    const id = this.#ids++
    switch (kind) {
      case 'work':
        return { kind, id, takesMs: this.#takesMs() }
      case 'flaky':
        return { kind, id, failures: this.#upTo(3) }
      case 'timer':
        return { kind, id, delayMs: this.#upTo(20_000) }
      case 'race':
        return { kind, id, takesMs: this.#upTo(4_000), delayMs: this.#upTo(4_000) }
      case 'collect':
        return { kind, id, count: this.random.next() < 0.02 ? 300 : this.#upTo(4) }
      case 'all':
        return { kind, id, branches: Array.from({ length: 1 + this.#upTo(3) }, () => this.program(depth - 1, place === 'root' || place === 'root branch' ? 'root branch' : 'branch')) }
      case 'child':
        return { kind, id, body: this.program(depth - 1, 'child'), explicitId: this.options.explicitChildIds && this.random.next() < 0.3 }
      case 'talk':
        return { kind, id, body: [...this.program(depth - 1, 'child'), { kind: 'ask', id: this.#ids++ }, ...this.program(depth - 1, 'child')] }
      case 'detached':
        return { kind, id, body: this.program(depth - 1, 'child') }
      default:
        return { kind, id }
    }
  }

  #kind(depth: number, place: Place): StepKind {
    for (;;) {
      const kind = this.#pick()
      if (kind === 'again' && place.endsWith('branch')) continue
      if (kind === 'collect' && !place.startsWith('root')) continue
      if (depth > 0 || !['all', 'child', 'talk', 'detached'].includes(kind)) return kind
    }
  }

  #pick(): StepKind {
    let left = this.random.next() * weights.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [kind, weight] of weights) {
      left -= weight
      if (left < 0) return kind
    }
    return 'work'
  }

  #takesMs(): number {
    return this.random.next() < 0.5 ? 0 : this.#upTo(3_000)
  }

  #upTo(most: number): number {
    return 1 + Math.floor(this.random.next() * most)
  }
}

/** Every step of a program, at any depth. `own`: without the bodies of children. */
export function* stepsOf(program: Program, options: { readonly own: boolean } = { own: false }): Generator<ProgramStep> {
  for (const step of program) {
    yield step
    if (step.kind === 'all') for (const branch of step.branches) yield* stepsOf(branch, options)
    else if (!options.own && 'body' in step) yield* stepsOf(step.body, options)
  }
}
