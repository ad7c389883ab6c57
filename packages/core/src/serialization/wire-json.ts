/**
 * JSON text as .NET (Newtonsoft) writes and reads it, for everything this framework shares with .NET.
 * `wireText` differs from `JSON.stringify` in three characters only: U+0085, U+2028 and U+2029 are escaped.
 * Integers that a number cannot hold survive as `bigint`: .NET's `long` members and members we do not know must come back as they were.
 */
import { dtfxError } from '../errors/durable-error.js'

/** An object of the wire; members are .NET's, in .NET's order. */
export type WireObject = Readonly<Record<string, unknown>>

/** @throws DTFX_WIRE_INVALID */
export function parseWire(text: string, what: string): unknown {
  try {
    return mayHoldLong.test(text) ? JSON.parse(text, keepLong) : JSON.parse(text)
  } catch (cause) {
    throw dtfxError('DTFX_WIRE_INVALID', { what, problem: cause instanceof Error ? cause.message : String(cause) }, cause)
  }
}

/** Text of `value`; `indent` as Newtonsoft's Formatting.Indented (2). */
export function wireText(value: unknown, indent?: number): string {
  const text = stringify(value, indent)
  return mustBeEscaped.test(text) ? text.replace(allToBeEscaped, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`) : text
}

/** Sets a member also when its name is `__proto__`, which an assignment would take for the prototype. */
export function setMember(target: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__') Object.defineProperty(target, name, { value, enumerable: true, writable: true, configurable: true })
  else target[name] = value
}

const mayHoldLong = /\d{16}/
const mustBeEscaped = /[\u0085\u2028\u2029]/
const allToBeEscaped = /[\u0085\u2028\u2029]/g

function keepLong(this: unknown, _name: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  const source = context?.source ?? ''
  return /^-?\d+$/.test(source) && String(value) !== source ? BigInt(source) : value
}

function stringify(value: unknown, indent: number | undefined): string {
  try {
    return JSON.stringify(value, undefined, indent)
  } catch (error) {
    // The only member JSON.stringify refuses in wire data is a bigint; looking for one beforehand would cost every other text a walk.
    if (!(error instanceof TypeError)) throw error
    return JSON.stringify(value, (_name, member: unknown) => (typeof member === 'bigint' ? rawJson(String(member)) : member), indent)
  }
}

/** `JSON.rawJSON` (Node 22), which this TypeScript's library does not declare yet. */
function rawJson(text: string): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text)
}
