/** The logging seam: three implementations ship (none, console, and a replay-silent wrapper in the engine); adapters for others are a few lines. */

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
export type LogFields = Readonly<Record<string, unknown>>

export interface Logger {
  /** `event` is an id of the catalogue in log-events.ts for the framework's own lines, absent for lines of user code. */
  log(level: LogLevel, message: string, fields?: LogFields, event?: number): void
  /** True if a line of `level` would be written; lets callers skip costly fields. */
  enabled(level: LogLevel): boolean
}

export const noLogger: Logger = { log: () => {}, enabled: () => false }

const rank: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 }
const realConsole = { debug: console.debug, info: console.info, warn: console.warn, error: console.error }

/** Lines of `minLevel` and above on the console: `level message {fields}`. */
export function consoleLogger(minLevel: LogLevel = 'info'): Logger {
  return {
    enabled: (level) => rank[level] >= rank[minLevel],
    log(level, message, fields, event) {
      if (rank[level] < rank[minLevel]) return
      const head = event === undefined ? `[dtfx] ${level} ${message}` : `[dtfx:${event}] ${level} ${message}`
      if (fields === undefined || Object.keys(fields).length === 0) realConsole[level](head)
      else realConsole[level](head, fields)
    },
  }
}
