/**
 * The store of the run, by configuration: `--provider`, else what loadOrchestrationService finds (dtfx.config.json, DTFX_PROVIDER), else a SQLite file in the working folder.
 * Nothing else in the program knows which one it is.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DurableError, loadOrchestrationService, type OrchestrationService } from '@dtfx/core'
import type { StoreArguments } from './arguments.js'
import { UserError } from './user-error.js'

/**
 * How long what a killed process held stays hidden from the next one: minutes are right in production, where nobody sits and waits.
 * Given options win. SQLite needs none: it sees that the process has ended.
 */
const busOptions = { taskHub: 'Quickstart', lockDuration: '10s', requestTimeout: '5s' }
const azureOptions = { taskHub: 'Quickstart', controlQueueLock: '10s', workItemLock: '10s', leaseInterval: '6s', leaseRenewInterval: '1s' }

type StoreChoice = Pick<StoreArguments, 'provider' | 'providerOptions' | 'connectionString' | 'storeFile'>

/** @throws DTFX_CONFIG_INVALID, DTFX_PROVIDER_NOT_FOUND, DTFX_PROVIDER_INVALID; UserError */
export async function openService({ provider, providerOptions, connectionString, storeFile }: StoreChoice): Promise<OrchestrationService> {
  if (connectionString !== undefined && provider !== 'azure-storage') throw new UserError('--connection-string is that of a storage account: give --provider azure-storage as well.')
  if (provider === 'azure-storage') return loadOrchestrationService({ provider, options: { ...azureOptions, ...(connectionString === undefined ? {} : { connectionString }), ...providerOptions } })
  if (provider === 'service-bus') return loadOrchestrationService({ provider, options: { ...busOptions, ...providerOptions } })
  if (provider === 'sqlite') return openFile(storeFile, providerOptions)
  if (provider !== undefined) return loadOrchestrationService({ provider, options: providerOptions })
  if (providerOptions !== undefined) throw new UserError('--options are those of a provider: give --provider as well.')
  try {
    return await loadOrchestrationService()
  } catch (error) {
    if (DurableError.is(error, 'DTFX_CONFIG_NOT_FOUND')) return openFile(storeFile)
    throw error
  }
}

/** Where the runs are, for people. */
export function placeOf(service: OrchestrationService): string | undefined {
  return hasPath(service) ? service.path : service.location
}

async function openFile(storeFile: string, options: Readonly<Record<string, unknown>> = {}): Promise<OrchestrationService> {
  if (options['file'] === undefined) await makeFolder(dirname(storeFile))
  return loadOrchestrationService({ provider: 'sqlite', options: { file: storeFile, ...options } })
}

/** It is nothing that somebody wants in a commit. */
async function makeFolder(folder: string): Promise<void> {
  try {
    const made = await mkdir(folder, { recursive: true })
    if (made !== undefined) await writeFile(join(folder, '.gitignore'), '*\n')
  } catch (error) {
    throw new UserError(`The run cannot be stored in ${folder}: ${(error as Error).message}. Start in another folder, name another file (--provider sqlite --options '{"file":"…"}'), or keep it in memory (--provider memory).`)
  }
}

function hasPath(service: OrchestrationService): service is OrchestrationService & { readonly path: string } {
  return service.name === 'sqlite' && 'path' in service && typeof service.path === 'string'
}
