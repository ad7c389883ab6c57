/**
 * The configuration of a service as people write it, and its check. It comes as an object, from a file or from the environment; the rules are the same.
 * Invariants: unknown keys are refused; what leaves here has references to the environment resolved; errors name the source and the key, never a secret.
 */
import { didYouMean } from '../base/nearest-name.js'
import { dtfxError, type DurableError } from '../errors/durable-error.js'
import { kindOf } from '../provider/settings.js'
import type { PayloadOptions } from './with-payloads.js'
import { readPayloadConfig, type PayloadConfig } from './payload-config.js'

export interface OrchestrationServiceConfig {
  /** `memory`, `sqlite`, `azure-storage`, `service-bus`, the name of an npm package, or a path relative to the configuration. */
  readonly provider: string
  /** Options of the provider. Text of the form `$env:NAME` stands for an environment variable. */
  readonly options?: Readonly<Record<string, unknown>> | undefined
  /** Converter and codecs of payloads. */
  readonly payloads?: PayloadConfig | undefined
}

/** A checked configuration. */
export interface CheckedConfig {
  readonly provider: string
  readonly options: Readonly<Record<string, unknown>>
  readonly payloads: PayloadOptions | undefined
  /** Where it comes from, for errors: a file, `environment variable DTFX_PROVIDER`. */
  readonly source: string
  /** Folder from which the provider's package is resolved. */
  readonly folder: string
}

/** Where a configuration comes from. */
export interface ConfigOrigin {
  readonly source: string
  readonly folder: string
  readonly env: Readonly<Record<string, string | undefined>>
}

const keys = ['provider', 'options', 'payloads', '$schema']

/** @throws DTFX_CONFIG_INVALID */
export function checkConfig(config: unknown, { source, folder, env }: ConfigOrigin): CheckedConfig {
  if (!isRecord(config)) throw configError(source, 'configuration', `is ${kindOf(config)}; give an object with 'provider'`)
  for (const key of Object.keys(config)) {
    if (!keys.includes(key)) throw configError(source, key, `is not known. ${didYouMean(key, keys.slice(0, 3))}`)
  }
  const { provider, options = {}, payloads } = config
  if (typeof provider !== 'string' || provider.trim() === '') {
    throw configError(source, 'provider', `is ${typeof provider === 'string' ? 'empty' : kindOf(provider)}; give the name of a provider`)
  }
  if (!isRecord(options)) throw configError(source, 'options', `is ${kindOf(options)}; give an object`)
  return {
    provider,
    options: resolveReferences(options, 'options', { source, folder, env }) as Record<string, unknown>,
    payloads: payloads === undefined ? undefined : readPayloadConfig(resolveReferences(payloads, 'payloads', { source, folder, env }), source),
    source,
    folder,
  }
}

export function configError(source: string, key: string, problem: string, cause?: unknown): DurableError {
  return dtfxError('DTFX_CONFIG_INVALID', { source, key, problem }, cause)
}

/** `value` with every text `$env:NAME` replaced by that variable. Only plain objects and lists are looked into. */
function resolveReferences(value: unknown, key: string, origin: ConfigOrigin): unknown {
  if (typeof value === 'string') {
    if (!value.startsWith('$env:')) return value
    const name = value.slice('$env:'.length)
    const found = origin.env[name]
    if (found === undefined || found === '') throw configError(origin.source, key, `refers to environment variable ${name}, which is not set`)
    return found
  }
  if (Array.isArray(value)) return value.map((each, index) => resolveReferences(each, `${key}[${index}]`, origin))
  if (!isPlainObject(value)) return value
  const resolved: Record<string, unknown> = {}
  for (const [name, each] of Object.entries(value)) {
    Object.defineProperty(resolved, name, { value: resolveReferences(each, `${key}.${name}`, origin), enumerable: true, writable: true, configurable: true })
  }
  return resolved
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (!isRecord(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}
