/**
 * A program of the bench in a process of its own, asked one thing after the other. It ends with its parent.
 * Invariant: at most one request is on its way.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

type Answer = { readonly kind: 'done'; readonly value: unknown } | { readonly kind: 'failed'; readonly problem: string }

export class ChildProgram {
  readonly #child: ChildProcess

  /** `name`: of a built program beside this one, `side` or `worker`. */
  constructor(name: 'side' | 'worker') {
    this.#child = fork(fileURLToPath(new URL(`./${name}.js`, import.meta.url)), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  }

  /** @throws what the program says, or that it ended */
  ask(request: object): Promise<unknown> {
    const child = this.#child
    return new Promise((resolve, reject) => {
      const onExit = (code: number | null, signal: string | null): void => reject(new Error(`a process of the bench ended with ${code ?? signal}`))
      child.once('exit', onExit)
      child.once('message', (answer: Answer) => {
        child.off('exit', onExit)
        if (answer.kind === 'done') resolve(answer.value)
        else reject(new Error(answer.problem))
      })
      child.send(request, (error) => {
        if (error !== null) reject(error)
      })
    })
  }

  kill(): void {
    this.#child.kill()
  }
}

/** The other end: answers the parent of this process until it is gone. */
export function answerParent<Request>(answer: (request: Request) => Promise<unknown>): void {
  const reply = async (request: Request): Promise<Answer> => {
    try {
      return { kind: 'done', value: await answer(request) }
    } catch (error) {
      return { kind: 'failed', problem: error instanceof Error ? error.message : String(error) }
    }
  }
  process.on('disconnect', () => process.exit(0))
  process.on('message', (request: Request) => void reply(request).then((said) => process.send?.(said)))
}
