/**
 * Where the configuration is found when none is passed: the environment, then the nearest `dtfx.config.json` or `dtfx.config.mjs` upward from the working directory.
 * `DTFX_PROVIDER` with `DTFX_OPTIONS` (JSON) takes the place of the file's provider and options. The file's `payloads` still hold: swapping the store must not switch encryption off.
 */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { kindOf } from '../provider/settings.js'
import { configError, isRecord, type ConfigOrigin } from './orchestration-config.js'

export interface Surroundings {
  readonly cwd: string
  /** Absolute path of the main module. */
  readonly program?: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
}

/** A configuration as it was written, unchecked, and where it comes from. */
export interface FoundConfig {
  readonly config: unknown
  readonly origin: ConfigOrigin
}

const fileNames = ['dtfx.config.json', 'dtfx.config.mjs']

/** Undefined: there is none. @throws DTFX_CONFIG_INVALID */
export async function findConfig({ cwd, env }: Surroundings): Promise<FoundConfig | undefined> {
  const file = findFile(cwd)
  const provider = env['DTFX_PROVIDER']
  if (provider === undefined || provider === '') {
    if (env['DTFX_OPTIONS'] !== undefined) throw configError('environment', 'DTFX_OPTIONS', 'is set, but DTFX_PROVIDER is not')
    return file === undefined ? undefined : readConfigFile(file, env)
  }
  const swapped = { provider, options: optionsOf(env) }
  if (file === undefined) return { config: swapped, origin: { source: 'environment variable DTFX_PROVIDER', folder: cwd, env } }
  const config = await load(file)
  const payloads = isRecord(config) ? config['payloads'] : undefined
  const source = payloads === undefined ? 'environment variable DTFX_PROVIDER' : `environment variable DTFX_PROVIDER with payloads of ${file}`
  return { config: payloads === undefined ? swapped : { ...swapped, payloads }, origin: { source, folder: dirname(file), env } }
}

/** Reads one configuration file, `.json` or a module (its default export or its export `config`). @throws DTFX_CONFIG_INVALID */
export async function readConfigFile(file: string, env: Surroundings['env']): Promise<FoundConfig> {
  return { config: await load(file), origin: { source: file, folder: dirname(file), env } }
}

function findFile(cwd: string): string | undefined {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const found = fileNames.map((name) => join(folder, name)).filter((file) => existsSync(file))
    if (found.length > 1) throw configError(folder, 'dtfx.config', `is there twice (${fileNames.join(' and ')}); keep one`)
    if (found.length === 1) return found[0]
    if (dirname(folder) === folder) return undefined
  }
}

async function load(file: string): Promise<unknown> {
  try {
    if (file.endsWith('.json')) return JSON.parse((await readFile(file, 'utf8')).replace(/^\uFEFF/, ''))
    const module = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as { default?: unknown; config?: unknown }
    return module.default ?? module.config
  } catch (error) {
    throw configError(file, 'file', `cannot be read: ${error instanceof Error ? error.message : String(error)}`, error)
  }
}

function optionsOf(env: Surroundings['env']): Record<string, unknown> {
  const text = env['DTFX_OPTIONS']
  if (text === undefined || text === '') return {}
  let options: unknown
  try {
    options = JSON.parse(text)
  } catch {
    // The parser's message quotes the text, which may hold a secret.
    throw configError('environment', 'DTFX_OPTIONS', 'is no JSON; give an object like {"taskHub":"orders"}')
  }
  if (!isRecord(options)) throw configError('environment', 'DTFX_OPTIONS', `is ${kindOf(options)}; give a JSON object`)
  return options
}
