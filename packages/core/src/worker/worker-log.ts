/** One line of the catalogue: text, fields and id from the event, so that callers name the event and nothing else. */
import type { LogEvent } from '../telemetry/log-events.js'
import type { Logger, LogFields } from '../telemetry/logger.js'

export function logLine(logger: Logger, event: LogEvent, fields: LogFields, detail?: string): void {
  if (logger.enabled(event.level)) logger.log(event.level, detail === undefined ? event.text : `${event.text}: ${detail}`, fields, event.id)
}

/** Never throws, whatever was thrown. */
export function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error)
  } catch {
    return 'something that cannot be described was thrown'
  }
}
