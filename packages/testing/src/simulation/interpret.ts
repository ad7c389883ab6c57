/**
 * Runs a program as an orchestration and writes down what every node saw.
 * `attempt` rejects where a node fails, for the constructs that combine promises; `run` turns the failure of an activity into a part of the trace. What a doomed node throws passes through both.
 */
import { SubOrchestrationFailedError, TaskFailedError, TaskTimeoutError, type ContinuedAsNew, type OrchestrationContext } from '@dtfx/core'
import { nonceOfFailure } from './nonce-of-failure.js'
import {
  generationsOf,
  neverSent,
  placeOf,
  type Composite,
  type ChildNode,
  type ClaimNode,
  type DeadlineNode,
  type EventsNode,
  type ProgramInput,
  type ProgramNode,
  type ProgramOutput,
  type TalkNode,
  type Trace,
} from './program.js'

export const programName = 'Program'

interface WorkResult {
  readonly nonce: number
}

interface Question {
  readonly from: string
  readonly round: number
  readonly text: string
}

export async function interpret(ctx: OrchestrationContext<ProgramInput>, input: ProgramInput, isChanged: () => boolean): Promise<ProgramOutput | ContinuedAsNew> {
  const { count, body } = generationsOf(input.program)
  const trace = await new Interpreter(ctx, input, isChanged).run(body)
  const generations = [...input.carried, trace]
  if (input.generation + 1 < count) return ctx.continueAsNew({ ...input, generation: input.generation + 1, carried: generations })
  return { instanceId: ctx.instanceId, generations }
}

/** A failed activity that the program handles. */
class HandledFailure extends Error {
  constructor(readonly trace: Trace) {
    super(`node ${trace.id} failed`)
  }
}

class Interpreter {
  constructor(
    readonly ctx: OrchestrationContext<ProgramInput>,
    readonly input: ProgramInput,
    readonly isChanged: () => boolean,
  ) {}

  async run(node: ProgramNode): Promise<Trace> {
    try {
      return await this.attempt(node)
    } catch (error) {
      if (error instanceof HandledFailure) return error.trace
      throw error
    }
  }

  async attempt(node: ProgramNode): Promise<Trace> {
    const { ctx } = this
    const { id } = node
    switch (node.kind) {
      case 'sequence': case 'all': case 'race': case 'any': case 'settled': case 'map':
        return this.#combine(node)
      case 'activity': {
        const { nonce } = await ctx.callActivity<WorkResult>(`Work${node.work}`, { at: this.#at(node), takesMs: node.takesMs })
        return { id, nonce }
      }
      case 'retried': {
        const retry = { maxAttempts: node.failures + 1, firstDelay: node.delayMs, backoff: 2 }
        const { nonce } = await ctx.callActivity<WorkResult>('Flaky', { at: this.#at(node), failures: node.failures }, { retry })
        return { id, nonce }
      }
      case 'failing': {
        const retry = { maxAttempts: node.failures, firstDelay: node.delayMs }
        try {
          const { nonce } = await ctx.callActivity<WorkResult>('Failing', { at: this.#at(node) }, { retry })
          return { id, nonce }
        } catch (error) {
          if (!(error instanceof TaskFailedError)) throw error
          throw new HandledFailure({ id, error: nonceOfFailure(error.failure.errorMessage) ?? -1 })
        }
      }
      case 'doomed': {
        const { nonce } = await ctx.callActivity<WorkResult>('Doomed', { at: this.#at(node), root: this.input.root })
        return { id, nonce }
      }
      case 'timer':
        await ctx.createTimer(node.delayMs)
        return { id, fired: true }
      case 'deadline':
        return this.#deadline(node)
      case 'events':
        return this.#events(node)
      case 'patience': {
        try {
          return { id, events: [await ctx.waitForExternalEvent<number>(node.event, { timeout: node.timeoutMs })] }
        } catch (error) {
          if (error instanceof TaskTimeoutError) return { id, events: [] }
          throw error
        }
      }
      case 'forever':
        await ctx.waitForExternalEvent(neverSent)
        return { id }
      case 'child':
        return { id, child: await ctx.callSubOrchestration<ProgramOutput>(programName, this.#childInput(node.program), this.#childOptions(node)) }
      case 'detached':
        return { id, detached: ctx.startSubOrchestration(programName, this.#childInput(node.program), this.#childOptions(node)) }
      case 'claim':
        return this.#claim(node)
      case 'talk':
        return this.#talk(node)
      case 'ask':
        return this.#ask(node.id, node.rounds)
      case 'patched': {
        const patched = this.isChanged() && ctx.patched(`patch-${id}`)
        return { id, patched, of: [await this.run(patched ? node.after : node.before)] }
      }
      case 'status':
        ctx.setCustomStatus({ id, at: ctx.now.getTime() })
        return { id, status: true }
      case 'generations':
        throw new Error('generations is only the outermost node of a program')
    }
  }

  async #combine({ kind, id, children, concurrency }: Composite): Promise<Trace> {
    switch (kind) {
      case 'sequence': {
        const of: Trace[] = []
        for (const child of children) of.push(await this.run(child))
        return { id, of }
      }
      case 'all':
        return { id, of: await Promise.all(children.map((child) => this.run(child))) }
      case 'map':
        return { id, of: await this.ctx.map(children, (child) => this.run(child), { concurrency }) }
      case 'race': {
        const [winner, trace] = await Promise.race(children.map(async (child, index) => [index, await this.run(child)] as const))
        return { id, winner, of: [trace] }
      }
      case 'any':
        try {
          const [winner, trace] = await Promise.any(children.map(async (child, index) => [index, await this.attempt(child)] as const))
          return { id, winner, of: [trace] }
        } catch (error) {
          return { id, of: (error as AggregateError).errors.map(handled) }
        }
      case 'settled': {
        const outcomes = await Promise.allSettled(children.map((child) => this.attempt(child)))
        return { id, of: outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : handled(outcome.reason))) }
      }
    }
  }

  async #deadline(node: DeadlineNode): Promise<Trace> {
    const timer = this.ctx.createTimer(node.delayMs)
    const work = this.ctx.callActivity<WorkResult>('Work0', { at: this.#at(node), takesMs: node.takesMs })
    const result = await Promise.race([timer, work])
    if (result === undefined || result === null) return { id: node.id, winner: 0 }
    timer.cancel()
    return { id: node.id, winner: 1, nonce: result.nonce }
  }

  async #events({ id, event, count }: EventsNode): Promise<Trace> {
    const events: number[] = []
    while (events.length < count) events.push(await this.ctx.waitForExternalEvent<number>(event))
    return { id, events }
  }

  async #claim({ id, program, childId }: ClaimNode): Promise<Trace> {
    try {
      return { id, child: await this.ctx.callSubOrchestration<ProgramOutput>(programName, this.#childInput(program), { instanceId: childId }) }
    } catch (error) {
      if (error instanceof SubOrchestrationFailedError && error.failure.properties?.['code'] === 'DTFX_CHILD_ID_IN_USE') return { id, refused: true }
      throw error
    }
  }

  /**
   * Answers whoever asks until the child has ended: a turn that was lost may have started another child, or asked twice. Only what the child of this node said is kept; answers have a name per
   * round, so that a second one stays unread.
   */
  async #talk({ id, program }: TalkNode): Promise<Trace> {
    const { ctx } = this
    const talk = `talk-${id}-${this.input.generation}`
    const running = ctx.callSubOrchestration<ProgramOutput>(programName, { ...this.#childInput(program), talk })
    const asked: Question[] = []
    for (;;) {
      const question = ctx.waitForExternalEvent<Question>(`${talk}-ask`)
      const next = await Promise.race([running, question])
      if ('generations' in next) {
        question.cancel()
        const heard = new Set(asked.filter(({ from }) => from === next.instanceId).map(({ text }) => text))
        return { id, heard: [...heard], child: next }
      }
      asked.push(next)
      ctx.sendEvent(next.from, `${talk}-answer-${next.round}`, `answer to ${next.text}`)
    }
  }

  async #ask(id: number, rounds: number): Promise<Trace> {
    const { ctx } = this
    const { talk } = this.input
    const heard: string[] = []
    for (let round = 0; round < rounds; round++) {
      const question: Question = { from: ctx.instanceId, round, text: `${ctx.instanceId} asks ${round}` }
      ctx.sendEvent(ctx.parent?.instanceId ?? '', `${talk}-ask`, question)
      heard.push(await ctx.waitForExternalEvent<string>(`${talk}-answer-${round}`))
    }
    return { id, heard }
  }

  #at(node: ProgramNode): string {
    return placeOf(node, this.input.generation)
  }

  #childInput(program: ProgramNode): ProgramInput {
    return { program, root: this.input.root, generation: 0, carried: [] }
  }

  #childOptions(node: ChildNode): { instanceId?: string } {
    return node.explicitId === true ? { instanceId: `${this.ctx.instanceId}-own-${node.id}-${this.input.generation}` } : {}
  }
}

function handled(error: unknown): Trace {
  if (error instanceof HandledFailure) return error.trace
  throw error
}
