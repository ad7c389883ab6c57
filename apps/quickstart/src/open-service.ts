/**
 * The store of the run, by configuration: `--provider`, else what loadOrchestrationService finds (dtfx.config.json, DTFX_PROVIDER), else the memory of this process.
 * Nothing else in the program knows which one it is.
 */
import { DurableError, loadOrchestrationService, type OrchestrationService } from '@dtfx/core'
import type { Arguments } from './arguments.js'
import { UserError } from './user-error.js'

/**
 * How long what a killed process held stays hidden from the next one: minutes are right in production, where nobody sits and waits.
 * Given options win.
 */
const busOptions = { taskHub: 'Quickstart', lockDuration: '10s', requestTimeout: '5s' }
const azureOptions = { taskHub: 'Quickstart', controlQueueLock: '10s', workItemLock: '10s', leaseInterval: '6s', leaseRenewInterval: '1s' }

/** @throws DTFX_CONFIG_INVALID, DTFX_PROVIDER_NOT_FOUND, DTFX_PROVIDER_INVALID; UserError */
export async function openService({ provider, providerOptions, connectionString }: Pick<Arguments, 'provider' | 'providerOptions' | 'connectionString'>): Promise<OrchestrationService> {
  if (connectionString !== undefined && provider !== 'azure-storage') throw new UserError('--connection-string is that of a storage account: give --provider azure-storage as well.')
  if (provider === 'azure-storage') return loadOrchestrationService({ provider, options: { ...azureOptions, ...(connectionString === undefined ? {} : { connectionString }), ...providerOptions } })
  if (provider === 'service-bus') return loadOrchestrationService({ provider, options: { ...busOptions, ...providerOptions } })
  if (provider !== undefined) return loadOrchestrationService({ provider, options: providerOptions })
  if (providerOptions !== undefined) throw new UserError('--options are those of a provider: give --provider as well.')
  try {
    return await loadOrchestrationService()
  } catch (error) {
    if (DurableError.is(error, 'DTFX_CONFIG_NOT_FOUND')) return loadOrchestrationService({ provider: 'memory' })
    throw error
  }
}
