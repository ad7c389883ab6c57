/** Entry of the package: the Service Bus provider. Only re-exports. */
export { createOrchestrationService, ServiceBusService } from './service.js'
export type { ServiceBusOptions } from './settings.js'
export type { AccountPlace } from '@dtfx/azure-common'
