/**
 * From the name of a provider to its factory: resolved from the configuration's folder, else from the program that runs, as `require` would, and imported by URL.
 * That finds the package the application installed, whatever package manager laid it out, also when it runs in a foreign working directory, and not one that happens to lie next to this package.
 */
import { realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { isAbsolute, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { nearestName } from '../base/nearest-name.js'
import { dtfxError } from '../errors/durable-error.js'
import type { OrchestrationServiceFactory } from '../provider/orchestration-service.js'
import { configError, type CheckedConfig } from './orchestration-config.js'

/** Short names of the providers that belong to the framework. */
const shortNames: Readonly<Record<string, string>> = {
  memory: '@dtfx/testing/memory',
  sqlite: '@dtfx/sqlite',
  'azure-storage': '@dtfx/azure-storage',
  'service-bus': '@dtfx/service-bus',
}

/** Module that a provider's name stands for. */
export function providerModule(provider: string): string {
  return Object.hasOwn(shortNames, provider) ? (shortNames[provider] as string) : provider
}

/** `program`: the main module of this process. @throws DTFX_CONFIG_INVALID, DTFX_PROVIDER_NOT_FOUND, DTFX_PROVIDER_INVALID */
export async function resolveProvider(config: CheckedConfig, program?: string): Promise<OrchestrationServiceFactory> {
  const specifier = providerModule(config.provider)
  const file = locate(specifier, config, program)
  let module: { createOrchestrationService?: unknown }
  try {
    module = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as typeof module
  } catch (error) {
    throw configError(config.source, 'provider', `is '${config.provider}', whose module ${file} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`, error)
  }
  if (typeof module.createOrchestrationService !== 'function') throw dtfxError('DTFX_PROVIDER_INVALID', { packageName: specifier, source: config.source })
  return module.createOrchestrationService as OrchestrationServiceFactory
}

function locate(specifier: string, { provider, source, folder }: CheckedConfig, program: string | undefined): string {
  if (specifier.startsWith('file:')) return fileURLToPath(specifier)
  try {
    return createRequire(join(folder, 'dtfx.config.json')).resolve(specifier)
  } catch (error) {
    const code = (error as { code?: unknown }).code
    if (code === 'ERR_PACKAGE_PATH_NOT_EXPORTED') throw dtfxError('DTFX_PROVIDER_INVALID', { packageName: specifier, source }, error)
    if (isPath(specifier)) throw configError(source, 'provider', `is '${provider}', but there is no such file from ${folder}`, error)
    const beside = program === undefined ? undefined : (resolveFrom(program, specifier) ?? resolveFrom(realPath(program), specifier))
    if (beside !== undefined) return beside
    const nearest = provider === specifier && !provider.startsWith('@') ? nearestName(provider, Object.keys(shortNames)) : undefined
    if (nearest !== undefined) throw configError(source, 'provider', `is '${provider}', which is not known. Did you mean '${nearest}'?`, error)
    throw dtfxError('DTFX_PROVIDER_NOT_FOUND', { provider, source, packageName: packageOf(specifier), folder }, error)
  }
}

function resolveFrom(file: string, specifier: string): string | undefined {
  try {
    return createRequire(file).resolve(specifier)
  } catch {
    return undefined
  }
}

/** A command that is installed for the whole machine is started by a link; what was installed with it lies beside the file. */
function realPath(program: string): string {
  try {
    return realpathSync(program)
  } catch {
    return program
  }
}

function isPath(specifier: string): boolean {
  return specifier.startsWith('./') || specifier.startsWith('../') || isAbsolute(specifier)
}

/** Name of the package of a module: `@dtfx/testing` of `@dtfx/testing/memory`. */
function packageOf(specifier: string): string {
  return specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/')
}
