/**
 * What a member of a wire object can be: for each kind how it is read and how it is written. The tables of `wire-history.ts` and `wire-state.ts` are made of these.
 * Invariant: `read` is never given null or undefined, and refuses what it cannot represent with the place of the member (DTFX_WIRE_INVALID).
 */
import type { Ticks } from '../base/ticks.js'
import { dtfxError } from '../errors/durable-error.js'
import { statusNumbers, type OrchestrationStatus } from '../model/instance.js'
import { dateFromWire, dateToWire } from './wire-date.js'
import type { WireFlavour } from './wire-flavour.js'
import type { WireObject } from './wire-json.js'

export interface WireKind<T> {
  /** `at` is the place of the object, `name` that of the member in it. Undefined: the member has the value that its absence stands for. */
  read(value: unknown, at: string, name: string): T | undefined
  write(value: T, flavour: WireFlavour): unknown
}

export function invalid(at: string, name: string, problem: string): never {
  throw dtfxError('DTFX_WIRE_INVALID', { what: name === '' ? at : `${at}.${name}`, problem })
}

export function readObject(value: unknown, at: string, name: string): WireObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) invalid(at, name, `expected an object, found ${describe(value)}`)
  return value as WireObject
}

export const text: WireKind<string> = {
  read: (value, at, name) => (typeof value === 'string' ? value : invalid(at, name, `expected text, found ${describe(value)}`)),
  write: (value) => value,
}

export const integer: WireKind<number> = {
  read(value, at, name) {
    const number = typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value
    return Number.isSafeInteger(number) ? (number as number) : invalid(at, name, `expected an integer, found ${describe(value)}`)
  },
  write: (value) => value,
}

/** A .NET `bool`: never null; false is the same as absent. */
export const flag: WireKind<boolean> = {
  read: (value, at, name) => (typeof value === 'boolean' ? value || undefined : invalid(at, name, `expected true or false, found ${describe(value)}`)),
  write: (value) => value,
}

export const date: WireKind<Ticks> = {
  read: (value, at, name) => (typeof value === 'string' ? dateFromWire(value) : undefined) ?? invalid(at, name, `expected a time, found ${describe(value)}`),
  write: dateToWire,
}

const statusNames = Object.keys(statusNumbers) as readonly OrchestrationStatus[]

/** Written as .NET's number; the text of table columns is read as well. */
export const status: WireKind<OrchestrationStatus> = {
  read(value, at, name) {
    const byName = statusNames.find((each) => each === value || statusNumbers[each] === value || String(statusNumbers[each]) === value)
    return byName ?? invalid(at, name, `${describe(value)} is no orchestration status`)
  },
  write: (value) => statusNumbers[value],
}

/** Short description of a value for an error; payloads may be large or secret, so only the beginning is shown. */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object') return 'an object'
  const shown = String(value)
  return `'${shown.length > 40 ? `${shown.slice(0, 40)}…` : shown}'`
}
