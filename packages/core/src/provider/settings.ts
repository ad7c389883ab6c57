/**
 * How providers read their options: a table of settings in, a checked and frozen object with all defaults filled in out.
 *
 * Invariants:
 * 1. Nothing is coerced: `"4"` is no number. What leaves here has exactly the types of the table.
 * 2. Every mistake is one DTFX_CONFIG_INVALID that names the source and the key, and says what would be right; the value itself is shown only where it cannot be a secret.
 * 3. An option that is `undefined` is an absent one; `null` is a value.
 */
import { didYouMean } from '../base/nearest-name.js'
import { durationMs, type Duration } from '../base/duration.js'
import { dtfxError } from '../errors/durable-error.js'

/** One setting: how its value is checked, and what stands in for an absent one. */
export interface Setting<T, Given = T> {
  /** The checked value, or the problem as the rest of a sentence that begins with the key. */
  readonly read: (value: unknown) => { readonly value: T } | { readonly problem: string }
  /** Text for "give …". */
  readonly expected: string
  readonly required: boolean
  readonly fallback: T | undefined
  readonly '~given'?: Given
}

/** What a setting is called, and how it is read. */
export type SettingsSchema = Readonly<Record<string, Setting<unknown, unknown>>>

/** The checked settings of a schema. */
export type SettingsOf<Schema extends SettingsSchema> = { readonly [K in keyof Schema]: Schema[K] extends Setting<infer T, unknown> ? T : never }

/** The options a user of the schema writes. */
export type OptionsOf<Schema extends SettingsSchema> = {
  readonly [K in keyof Schema]?: Schema[K] extends Setting<unknown, infer Given> ? Given | undefined : never
}

interface Presence<T> {
  readonly default?: T
  readonly required?: boolean
}

interface DurationPresence {
  readonly default?: Duration
  readonly required?: boolean
  readonly minMs?: number
  readonly maxMs?: number
}

type Read<T, P> = P extends { readonly default: unknown } | { readonly required: true } ? T : T | undefined

/** Builders of settings. Without `default` and `required` an absent option is `undefined`. */
export const setting = {
  /** Text; `pattern` with `hint` that describes it in words. */
  text<P extends Presence<string> & { readonly pattern?: RegExp; readonly hint?: string; readonly allowEmpty?: boolean }>(options: P = {} as P): Setting<Read<string, P>, string> {
    const expected = options.hint ?? 'a text'
    return build<string, P, string>(options, expected, (value) => {
      if (typeof value !== 'string') return { problem: `is ${kindOf(value)}; give ${expected}` }
      if (value === '' && options.allowEmpty !== true) return { problem: `is empty; give ${expected}` }
      return options.pattern === undefined || options.pattern.test(value) ? { value } : { problem: `has the wrong form; give ${expected}` }
    })
  },
  flag<P extends Presence<boolean>>(options: P = {} as P): Setting<Read<boolean, P>, boolean> {
    return build<boolean, P, boolean>(options, 'true or false', (value) => (typeof value === 'boolean' ? { value } : { problem: `is ${kindOf(value)}; give true or false` }))
  },
  /** A whole number within bounds. */
  integer<P extends Presence<number> & { readonly min?: number; readonly max?: number }>(options: P = {} as P): Setting<Read<number, P>, number> {
    const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = options
    const expected = `a whole number${boundsText(options)}`
    return build<number, P, number>(options, expected, (value) => {
      if (typeof value !== 'number') return { problem: `is ${kindOf(value)}; give ${expected}` }
      return Number.isSafeInteger(value) && value >= min && value <= max ? { value } : { problem: `is ${value}; give ${expected}` }
    })
  },
  /** Milliseconds, or text with a unit (`'30s'`); read as milliseconds. */
  duration<P extends DurationPresence>(options: P = {} as P): Setting<Read<number, P>, Duration> {
    const expected = `milliseconds or text like '30s', '5m'${boundsText({ min: options.minMs, max: options.maxMs }, ' ms')}`
    const fallback = options.default === undefined ? {} : { default: durationMs(options.default, 'a default') }
    return build<number, P, Duration>({ required: options.required ?? false, ...fallback }, expected, (value) => {
      const ms = msOf(value)
      const fits = ms !== undefined && ms >= (options.minMs ?? 0) && ms <= (options.maxMs ?? Number.POSITIVE_INFINITY)
      return fits ? { value: ms } : { problem: `is ${shown(value)}; give ${expected}` }
    })
  },
  choice<const T extends string, P extends Presence<T>>(choices: readonly T[], options: P = {} as P): Setting<Read<T, P>, T> {
    const expected = choices.map((each) => `'${each}'`).join(' or ')
    return build<T, P, T>(options, expected, (value) =>
      choices.includes(value as T) ? { value: value as T } : { problem: `is ${shown(value)}; give ${expected}` },
    )
  },
  /** Anything else: `accepts` decides, `expected` says in words what is accepted ("a TokenCredential"). The value is never shown. */
  custom<T, P extends Presence<T> = Presence<T>>(accepts: (value: unknown) => value is T, expected: string, options: P = {} as P): Setting<Read<T, P>, T> {
    return build<T, P, T>(options, expected, (value) => (accepts(value) ? { value } : { problem: `is ${kindOf(value)} that does not fit; give ${expected}` }))
  },
}

/**
 * Checks `input` against `schema`. `source` names where it comes from: `options of @dtfx/sqlite`.
 * @throws DTFX_CONFIG_INVALID
 */
export function parseSettings<Schema extends SettingsSchema>(schema: Schema, input: unknown, source: string): SettingsOf<Schema> {
  if (input !== undefined && (typeof input !== 'object' || input === null || Array.isArray(input))) {
    throw dtfxError('DTFX_CONFIG_INVALID', { source, key: 'options', problem: `is ${kindOf(input)}; give an object` })
  }
  const given = (input ?? {}) as Readonly<Record<string, unknown>>
  const known = Object.keys(schema)
  for (const key of Object.keys(given)) {
    if (!Object.hasOwn(schema, key)) throw dtfxError('DTFX_CONFIG_INVALID', { source, key, problem: `is not known. ${didYouMean(key, known)}` })
  }
  const settings: Record<string, unknown> = {}
  for (const [key, each] of Object.entries(schema)) {
    const value = Object.hasOwn(given, key) ? given[key] : undefined
    if (value === undefined) {
      if (each.required) throw dtfxError('DTFX_CONFIG_INVALID', { source, key, problem: `is missing; give ${each.expected}` })
      settings[key] = each.fallback
      continue
    }
    const read = each.read(value)
    if ('problem' in read) throw dtfxError('DTFX_CONFIG_INVALID', { source, key, problem: read.problem })
    settings[key] = read.value
  }
  return Object.freeze(settings) as SettingsOf<Schema>
}

/** What kind of thing a value is, without showing it: `missing`, `null`, `a list`, `an object`, `a number`. */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'missing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value === 'string' ? 'text' : typeof value}`
}

function build<T, P, Given>(presence: Presence<T>, expected: string, read: Setting<T>['read']): Setting<Read<T, P>, Given> {
  return { read, expected, required: presence.required ?? false, fallback: presence.default } as Setting<unknown, unknown> as Setting<Read<T, P>, Given>
}

function msOf(value: unknown): number | undefined {
  try {
    return durationMs(value as Duration)
  } catch {
    return undefined
  }
}

function shown(value: unknown): string {
  if (typeof value === 'string') return value.length <= 40 ? `'${value}'` : 'a long text'
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : kindOf(value)
}

function boundsText({ min, max }: { readonly min?: number | undefined; readonly max?: number | undefined }, unit = ''): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}${unit}`
  if (min !== undefined) return ` ≥ ${min}${unit}`
  return max === undefined ? '' : ` ≤ ${max}${unit}`
}
