/**
 * User values ↔ payload text. The default is plain JSON as .NET writes it; a `DataConverter` replaces it for the whole service.
 *
 * Rules of the default converter, each tested (docs/concepts/payloads.md):
 * - `undefined` is the absence of a payload and comes back as `undefined`; `null`, `0`, `''`, `false` are values and come back as they are.
 * - A `Date` (anything with `toJSON`) travels as its JSON text and comes back as text (`Wire<T>` says so in types).
 * - Refused with the path inside the value: Map, Set, BigInt, functions, symbols, NaN and infinities, other class instances, circular references.
 * - `undefined` members of objects are left out; an `undefined` element of an array is refused.
 */
import { limits } from '../base/limits.js'
import { dtfxError } from '../errors/durable-error.js'

export interface DataConverter {
  /** Payload of `value`, undefined for `undefined`. `what` names the value in errors. Synchronous and deterministic. @throws DTFX_NOT_SERIALIZABLE */
  encode(value: unknown, what: string): string | undefined
  /** Value of a payload. @throws DTFX_PAYLOAD_UNREADABLE */
  decode(payload: string | undefined, what: string): unknown
}

/**
 * What a value is after a trip through JSON: `Date` becomes `string`, functions vanish, everything made of JSON types stays itself.
 */
export type Wire<T> = unknown extends T
  ? T
  : T extends string | number | boolean | null | undefined | void
    ? T
    : T extends { toJSON(): infer J }
      ? Wire<J>
      : T extends (...args: never[]) => unknown
        ? never
        : T extends readonly unknown[]
          ? { [K in keyof T]: Wire<T[K]> }
          : T extends object
            ? { [K in keyof T as T[K] extends (...args: never[]) => unknown ? never : K]: Wire<T[K]> }
            : never

export const jsonConverter: DataConverter = {
  encode(value, what) {
    if (value === undefined) return undefined
    check(value, what, '$', undefined)
    const text = JSON.stringify(value)
    if (text.length > limits.maxPayloadLength) {
      throw dtfxError('DTFX_PAYLOAD_TOO_LARGE', { what, length: text.length, limit: limits.maxPayloadLength })
    }
    return text
  },
  decode(payload, what) {
    if (payload === undefined) return undefined
    try {
      return JSON.parse(payload)
    } catch (cause) {
      throw dtfxError('DTFX_PAYLOAD_UNREADABLE', { what, problem: cause instanceof Error ? cause.message : String(cause) }, cause)
    }
  },
}

interface Ancestor {
  readonly value: object
  readonly up: Ancestor | undefined
}

function check(value: unknown, what: string, path: string, up: Ancestor | undefined): void {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return
    case 'number':
      if (!Number.isFinite(value)) refuse(what, `${value} is no JSON number`, path)
      return
    case 'object':
      if (value !== null) checkObject(value, what, path, up)
      return
    default:
      refuse(what, `a ${typeof value} is no JSON value`, path)
  }
}

function checkObject(value: object, what: string, path: string, up: Ancestor | undefined): void {
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return checkToJson(value as { toJSON(): unknown }, what, path, up)
  for (let ancestor = up; ancestor !== undefined; ancestor = ancestor.up) {
    if (ancestor.value === value) refuse(what, 'a circular reference', path)
  }
  const self: Ancestor = { value, up }
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) check(value[i], what, `${path}[${i}]`, self)
    return
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null && !isForeignPlain(prototype)) {
    refuse(what, `a ${(value.constructor as { name?: string } | undefined)?.name ?? 'class'} instance is no JSON value`, path)
  }
  for (const key of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[key]
    if (member !== undefined && typeof member !== 'string' && typeof member !== 'boolean') check(member, what, `${path}.${key}`, self)
  }
}

function checkToJson(value: { toJSON(): unknown }, what: string, path: string, up: Ancestor | undefined): void {
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) refuse(what, 'an invalid Date', path)
    return
  }
  const json = value.toJSON()
  if (json === value) refuse(what, 'toJSON() returns the object itself', path)
  check(json, what, path, { value, up })
}

/** `Object.prototype` of another realm (a vm context, a test runner). */
function isForeignPlain(prototype: unknown): boolean {
  return typeof prototype === 'object' && prototype !== null && Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'hasOwnProperty')
}

function refuse(what: string, problem: string, path: string): never {
  throw dtfxError('DTFX_NOT_SERIALIZABLE', { what, problem, path })
}
