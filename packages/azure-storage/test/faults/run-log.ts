/** The last lines that a run logged, for whoever has to find out why it failed. */
import { systemClock, type Logger } from '@dtfx/core/provider'

const mostLines = 80

export class RunLog implements Logger {
  readonly lines: string[] = []
  readonly #beganMs = systemClock.monotonicMs()

  enabled(): boolean {
    return true
  }

  log(level: string, text: string, fields: object = {}): void {
    this.lines.push(`${Math.round(systemClock.monotonicMs() - this.#beganMs)} ${level} ${text} ${JSON.stringify(fields, errorsAsText)}`)
    if (this.lines.length > mostLines) this.lines.shift()
  }
}

function errorsAsText(_key: string, value: unknown): unknown {
  return value instanceof Error ? `${value.message} ${String((value as { cause?: unknown }).cause ?? '')}` : value
}
