/** A loop of a .NET worker: one look after the other, until it is stopped. Errors are kept: a test fails on them, where .NET would log them for ever. */
import { sleep, systemClock } from '@dtfx/core/provider'

export class DotnetLoop {
  readonly errors: unknown[] = []
  #isStopping = false
  readonly #done: Promise<void>

  /** `look`: true when there was something to do. */
  constructor(look: () => Promise<boolean>, pauseMs = 50) {
    this.#done = this.#run(look, pauseMs)
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    await this.#done
  }

  async #run(look: () => Promise<boolean>, pauseMs: number): Promise<void> {
    while (!this.#isStopping) {
      const hadWork = await look().catch((error: unknown) => {
        this.errors.push(error)
        return false
      })
      if (!hadWork) await sleep(systemClock, pauseMs)
    }
  }
}
