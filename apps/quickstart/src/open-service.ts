/**
 * The store of the run, by configuration: `--provider`, else what loadOrchestrationService finds (dtfx.config.json, DTFX_PROVIDER), else the memory of this process.
 * Nothing else in the program knows which one it is.
 */
import { DurableError, loadOrchestrationService, type OrchestrationService } from '@dtfx/core'
import type { Arguments } from './arguments.js'
import { UserError } from './user-error.js'

/** @throws DTFX_CONFIG_INVALID, DTFX_PROVIDER_NOT_FOUND, DTFX_PROVIDER_INVALID; UserError */
export async function openService({ provider, providerOptions }: Pick<Arguments, 'provider' | 'providerOptions'>): Promise<OrchestrationService> {
  if (provider !== undefined) return loadOrchestrationService({ provider, options: providerOptions })
  if (providerOptions !== undefined) throw new UserError('--options are those of a provider: give --provider as well.')
  try {
    return await loadOrchestrationService()
  } catch (error) {
    if (DurableError.is(error, 'DTFX_CONFIG_NOT_FOUND')) return loadOrchestrationService({ provider: 'memory' })
    throw error
  }
}
