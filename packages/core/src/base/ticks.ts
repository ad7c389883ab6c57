/**
 * Tick-exact UTC times as text, the only form in which time is stored or sent.
 *
 * A `Ticks` is `YYYY-MM-DDTHH:MM:SS[.fffffff]Z`, up to seven fractional digits (100 ns, the unit of .NET), trailing zeros optional.
 * A JavaScript number of milliseconds would lose the last four digits, and a history must come back as it was written.
 * Invariant: every function here takes and returns UTC text ending in `Z`; `normalizeTicks` is the only door for foreign text.
 */

/** A UTC time as text, exact to 100 ns: `2024-05-06T07:08:09.1234567Z`. */
export type Ticks = string

/** The latest time .NET can represent; anything later is refused by {@link addMs}. */
export const maxTicks: Ticks = '9999-12-31T23:59:59.9999999Z'

const maxMs = Date.parse('9999-12-31T23:59:59.999Z')
const shape = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,7}))?Z$/

/** Whole milliseconds since the epoch; digits below a millisecond are cut. NaN for text that is not a time. */
export function msFromTicks(ticks: Ticks): number {
  if (ticks.length === 24) return Date.parse(ticks)
  const dot = ticks.indexOf('.')
  if (dot < 0) return Date.parse(ticks)
  return Date.parse(`${ticks.slice(0, Math.min(dot + 4, ticks.length - 1))}Z`)
}

/** Milliseconds since the epoch at which a time is reached: a part of a millisecond counts as a whole one. What is due then is never early. */
export function dueMsFromTicks(ticks: Ticks): number {
  const ms = msFromTicks(ticks)
  return ticks.length > 24 && /[1-9]/.test(ticks.slice(23, -1)) ? ms + 1 : ms
}

/** The time `ms` milliseconds after the epoch (fractions of a millisecond are cut). */
export function ticksFromMs(ms: number): Ticks {
  return new Date(ms).toISOString()
}

/** `ticks` moved by `ms`, with the digits below a millisecond kept. Returns undefined outside the years 0001–9999. */
export function addMs(ticks: Ticks, ms: number): Ticks | undefined {
  const moved = msFromTicks(ticks) + ms
  if (!(moved >= -62135596800000 && moved <= maxMs)) return undefined
  const head = new Date(moved).toISOString()
  const dot = ticks.indexOf('.')
  const below = dot < 0 ? '' : ticks.slice(dot + 4, -1)
  return below === '' ? head : `${head.slice(0, -1)}${below}Z`
}

/** Negative, zero or positive as `a` is before, equal to or after `b`, exact to 100 ns. */
export function compareTicks(a: Ticks, b: Ticks): number {
  if (a === b) return 0
  if (a.length === b.length) return a < b ? -1 : 1
  const left = a.slice(0, 19)
  const right = b.slice(0, 19)
  if (left !== right) return left < right ? -1 : 1
  return fraction(a) - fraction(b)
}

/** The later of two times. */
export function laterTicks(a: Ticks, b: Ticks): Ticks {
  return compareTicks(a, b) >= 0 ? a : b
}

/** Text in the canonical form, trailing zeros of the fraction kept as given; offsets are converted. Undefined if it is not a time. */
export function normalizeTicks(text: string): Ticks | undefined {
  if (shape.test(text)) return text
  const offset = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,7})?([+-]\d\d:\d\d)?$/.exec(text)
  if (offset === null) return undefined
  const ms = Date.parse(`${offset[1]}${offset[3] ?? 'Z'}`)
  if (Number.isNaN(ms)) return undefined
  return `${new Date(ms).toISOString().slice(0, 19)}${offset[2] ?? ''}Z`
}

function fraction(ticks: Ticks): number {
  return ticks.length <= 20 ? 0 : Number(ticks.slice(20, -1).padEnd(7, '0'))
}
