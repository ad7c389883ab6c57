/** Entry `@dtfx/testing/memory`: the in-memory provider. */
export { createOrchestrationService, MemoryService, type DelayedMessage, type Occupancy } from './service.js'
export type { MemoryOptions } from './options.js'
