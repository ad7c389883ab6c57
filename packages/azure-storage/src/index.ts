/** Entry of the package: the Azure Storage provider. Only re-exports. */
export { AzureStorageService, createOrchestrationService } from './service.js'
export type { AzureStorageOptions } from './settings.js'
export type { AccountPlace } from '@dtfx/azure-common'
