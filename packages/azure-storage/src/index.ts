/** Entry of the package: the Azure Storage provider. Only re-exports. */
export type { StorageAccess, StorageAccount } from './storage/storage-account.js'
