/** Entry of the package: the SQLite provider. Only re-exports. */
export { SqliteService, createOrchestrationService } from './service.js'
export type { SqliteOptions } from './settings.js'
