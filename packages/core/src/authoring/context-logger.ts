/** Logger of user code: `ctx.log`. In orchestrations it is silent while replaying. */
import type { LogFields } from '../telemetry/logger.js'

export interface ContextLogger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}
