/** `ctx.log` of orchestrations: silent while replaying, run outside the scope of the orchestration so that a logger may do I/O, with the ids of the instance in every line. */
import type { ContextLogger } from '../authoring/context-logger.js'
import type { LogFields, LogLevel } from '../telemetry/logger.js'
import type { Execution } from './execution.js'
import { scope } from './scope.js'

export function replaySafeLogger(x: Execution): ContextLogger {
  const line = (level: LogLevel) => (message: string, fields?: LogFields) => {
    const { logger } = x.settings
    if (x.isReplaying || !logger.enabled(level)) return
    scope.exit(() => logger.log(level, message, { instanceId: x.instanceId, executionId: x.executionId, orchestration: x.definition.name, ...fields }))
  }
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
}
