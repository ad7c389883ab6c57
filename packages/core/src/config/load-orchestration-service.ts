/**
 * `loadOrchestrationService`: the one place where an application names its store, so that another one is a matter of configuration.
 * Without an argument the configuration comes from the environment or from `dtfx.config.json` / `dtfx.config.mjs` (find-config.ts).
 */
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { dtfxError, DurableError } from '../errors/durable-error.js'
import type { Host, OrchestrationService } from '../provider/orchestration-service.js'
import { overrideConfig, type ConfigOverrides } from './config-overrides.js'
import { findConfig, readConfigFile, type FoundConfig, type Surroundings } from './find-config.js'
import { checkConfig, type CheckedConfig, type OrchestrationServiceConfig } from './orchestration-config.js'
import { providerModule, resolveProvider } from './resolve-provider.js'
import { withPayloads } from './with-payloads.js'

/**
 * Creates the configured service; nothing is connected yet.
 * `config`: the configuration, or the path or URL of a configuration file. `host`: services of the process, each with a default.
 * `overrides`: what takes the place of the configured provider or options.
 * @throws DTFX_CONFIG_NOT_FOUND, DTFX_CONFIG_INVALID, DTFX_PROVIDER_NOT_FOUND, DTFX_PROVIDER_INVALID: one error that names the key and its source
 */
export function loadOrchestrationService(config?: OrchestrationServiceConfig | string | URL, host?: Host, overrides?: ConfigOverrides): Promise<OrchestrationService> {
  return loadWithin(config, host, { cwd: process.cwd(), env: process.env, program: process.argv[1] }, overrides)
}

/** The same with the surroundings given. */
export async function loadWithin(
  config: OrchestrationServiceConfig | string | URL | undefined,
  host: Host | undefined,
  surroundings: Surroundings,
  overrides?: ConfigOverrides,
): Promise<OrchestrationService> {
  const given = await givenConfig(config, surroundings)
  const found = overrides === undefined ? given : overrideConfig(given, overrides, surroundings)
  if (found === undefined) throw dtfxError('DTFX_CONFIG_NOT_FOUND', { folder: surroundings.cwd })
  const checked = checkConfig(found.config, found.origin)
  const create = await resolveProvider(checked, surroundings.program)
  const service = createWith(checked, () => create(checked.options, host))
  if (typeof service?.startWorker !== 'function' || typeof service.client?.create !== 'function') {
    throw dtfxError('DTFX_PROVIDER_INVALID', { packageName: providerModule(checked.provider), source: checked.source })
  }
  return checked.payloads === undefined ? service : withPayloads(service, checked.payloads)
}

async function givenConfig(config: OrchestrationServiceConfig | string | URL | undefined, { cwd, env }: Surroundings): Promise<FoundConfig | undefined> {
  if (config === undefined) return findConfig({ cwd, env })
  if (typeof config === 'string') return readConfigFile(resolve(cwd, config), env)
  if (config instanceof URL) return readConfigFile(fileURLToPath(config), env)
  return { config, origin: { source: 'argument of loadOrchestrationService', folder: cwd, env } }
}

/** Runs the provider's factory; an option it refuses is reported with the source that holds it. */
function createWith({ source }: CheckedConfig, create: () => OrchestrationService | undefined): OrchestrationService | undefined {
  try {
    return create()
  } catch (error) {
    if (DurableError.is(error, 'DTFX_INVALID_OPTION')) throw dtfxError('DTFX_CONFIG_INVALID', { source, key: 'options', problem: `are not valid: ${error.message}` }, error)
    if (!DurableError.is(error, 'DTFX_CONFIG_INVALID')) throw error
    const { key, problem } = error.details
    throw dtfxError('DTFX_CONFIG_INVALID', { source, key: key === 'options' ? key : `options.${String(key)}`, problem }, error)
  }
}
