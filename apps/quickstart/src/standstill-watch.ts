/** Notices that a run stands still, which is what somebody sees who forgot to start a worker: says so once per standstill, and knows when it has been too long. */

export interface StandstillOptions {
  /** What to say; undefined: nothing, however long it takes. */
  readonly text?: string | undefined
  readonly giveUpAfterMs?: number | undefined
  readonly say: (text: string) => void
  /** Monotonic. */
  readonly nowMs?: () => number
}

/** Longer than a worker takes that is there. */
const sayAfterMs = 2_000

export class StandstillWatch {
  readonly #options: StandstillOptions
  readonly #nowMs: () => number
  #sinceMs: number
  #isSaid = false

  constructor(options: StandstillOptions) {
    this.#options = options
    this.#nowMs = options.nowMs ?? (() => performance.now())
    this.#sinceMs = this.#nowMs()
  }

  moved(): void {
    this.#sinceMs = this.#nowMs()
    this.#isSaid = false
  }

  /** To be asked now and then while nothing moves. */
  isTooLong(): boolean {
    const { text, giveUpAfterMs, say } = this.#options
    if (text === undefined) return false
    const standsMs = this.#nowMs() - this.#sinceMs
    if (!this.#isSaid && standsMs >= sayAfterMs) {
      this.#isSaid = true
      say(text)
    }
    return giveUpAfterMs !== undefined && standsMs >= giveUpAfterMs
  }
}
