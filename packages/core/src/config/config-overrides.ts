/**
 * What takes the place of a configuration, or of a part of it: for programs that are told otherwise, on a command line for instance.
 * Invariant: `payloads` hold in any case: another store must not switch encryption off.
 */
import { isRecord } from './orchestration-config.js'
import type { FoundConfig, Surroundings } from './find-config.js'

export interface ConfigOverrides {
  /** Instead of the configured provider. The configured options belong to that one, and do not hold then. */
  readonly provider?: string | undefined
  /** Laid over the configured options. */
  readonly options?: Readonly<Record<string, unknown>> | undefined
  /** Where they come from, for errors. @default 'overrides' */
  readonly source?: string | undefined
}

/** The configuration that holds. What is no object stays as it is, to be refused by the check. */
export function overrideConfig(found: FoundConfig | undefined, overrides: ConfigOverrides, { cwd, env }: Surroundings): FoundConfig | undefined {
  const { provider, options, source = 'overrides' } = overrides
  if (provider !== undefined) {
    const swapped = { provider, options: options ?? {} }
    const payloads = isRecord(found?.config) ? found.config['payloads'] : undefined
    if (found === undefined || payloads === undefined) return { config: swapped, origin: { ...(found?.origin ?? { folder: cwd, env }), source } }
    return { config: { ...swapped, payloads }, origin: { ...found.origin, source: `${source} with payloads of ${found.origin.source}` } }
  }
  if (options === undefined || found === undefined || !isRecord(found.config)) return found
  const { options: configured = {} } = found.config
  if (!isRecord(configured)) return found
  return { config: { ...found.config, options: { ...configured, ...options } }, origin: { ...found.origin, source: `${source} over ${found.origin.source}` } }
}
