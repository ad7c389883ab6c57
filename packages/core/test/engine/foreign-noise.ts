/**
 * Other code of the process: ticks, microtasks and immediates that run between the steps of every turn, and some that throw.
 * The test's own handler takes what the noise throws; everything else that is uncaught still reaches the handlers that were there.
 */
const noiseMessage = 'foreign noise'
const nextTick = process.nextTick
const realSetImmediate = setImmediate

export class ForeignNoise {
  #on = true
  #ended: Promise<unknown>
  thrown = 0
  /** How often foreign code saw the clock of an orchestration. */
  leaks = 0
  readonly #others = process.listeners('uncaughtException')

  constructor(readonly throwing: boolean) {
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', this.#onUncaught)
    this.#ended = Promise.all([this.#loop(), this.#loop()])
  }

  async stop(): Promise<void> {
    this.#on = false
    await this.#ended
    for (let i = 0; i < 3; i++) await new Promise<void>((resolve) => realSetImmediate(() => resolve()))
    process.off('uncaughtException', this.#onUncaught)
    for (const listener of this.#others) process.on('uncaughtException', listener)
  }

  readonly #onUncaught = (error: Error, origin: NodeJS.UncaughtExceptionOrigin): void => {
    if (error.message === noiseMessage) this.thrown++
    else for (const listener of this.#others) listener(error, origin)
  }

  async #loop(): Promise<void> {
    const shout = (): void => {
      if (this.throwing) throw new Error(noiseMessage)
    }
    const look = (): void => {
      if (Date.now() < Date.UTC(2025, 0)) this.leaks++
    }
    while (this.#on) {
      await new Promise<void>((resolve) => realSetImmediate(() => resolve()))
      nextTick(() => void Promise.resolve().then(look).then(look))
      nextTick(shout)
      queueMicrotask(shout)
      nextTick(() => queueMicrotask(() => nextTick(look)))
      nextTick(() => queueMicrotask(shout))
      await null
      look()
    }
  }
}
