/** A service on a hub of its own on an emulator, for a test. */
import type { Host } from '@dtfx/core/provider'
import { createOrchestrationService, type AzureStorageOptions, type AzureStorageService } from '@dtfx/azure-storage'

let hubs = 0

/** Short polls, so that what another process did is seen soon; everything else as users have it. */
export function openHub(connectionString: string, options: AzureStorageOptions = {}, host?: Host): AzureStorageService {
  return createOrchestrationService({ connectionString, taskHub: `hub${process.pid}n${++hubs}`, maxPollingInterval: '1s', leaseInterval: '6s', leaseRenewInterval: '1s', ...options }, host)
}
