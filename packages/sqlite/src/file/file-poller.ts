/**
 * Looks whether another process has written the file, while somebody here waits for that: often after a change, ever less while nothing happens. A look is one PRAGMA, which reads a counter in shared memory.
 */
import type { CancelTimer, Clock } from '@dtfx/core/provider'

const firstPauseMs = 2
const growth = 1.5

export interface PollerParts {
  readonly clock: Clock
  readonly longestPauseMs: number
  /** Somebody waits. */
  wanted(): boolean
  /** True if another process has written since the last look. */
  look(): boolean
}

export class FilePoller {
  #pauseMs = firstPauseMs
  #cancel: CancelTimer | undefined
  #closed = false

  constructor(readonly parts: PollerParts) {}

  /** Begins to look, if it does not yet. */
  start(): void {
    if (this.#cancel === undefined && !this.#closed) this.#arm()
  }

  close(): void {
    this.#closed = true
    this.#cancel?.()
    this.#cancel = undefined
  }

  #arm(): void {
    this.#cancel = this.parts.clock.setTimer(this.#pauseMs, () => {
      this.#cancel = undefined
      if (!this.parts.wanted()) return
      this.#pauseMs = this.parts.look() ? firstPauseMs : Math.min(this.#pauseMs * growth, this.parts.longestPauseMs)
      if (!this.#closed) this.#arm()
    })
  }
}
