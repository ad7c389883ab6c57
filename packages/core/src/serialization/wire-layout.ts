/**
 * Table-driven mapping between a model object and its wire object: one list of members in .NET's order serves both directions.
 * Invariants: every listed member is written, null (or its default) where the model has none, except our own ones, which are written only when present;
 * a member that is not listed is kept in `extra` and written back behind the others; a missing or null member is absent in the model, an error if required.
 */
import type { WireFlavour } from './wire-flavour.js'
import { setMember, type WireObject } from './wire-json.js'
import { invalid, type WireKind } from './wire-kinds.js'

export interface WireMember {
  /** Name on the wire. */
  readonly wire: string
  /** Name in the model. */
  readonly model: string
  readonly kind: WireKind<never>
  readonly required: boolean
  /** What is written where the model has no value; undefined: nothing is (a member of ours, unknown to .NET). */
  readonly absent: unknown
  /** What a required member is when it is missing. */
  readonly assumed?: unknown
}

export interface WireLayout {
  readonly members: readonly WireMember[]
  /** Wire names that are no extras: those of the members, `$type`, and those the caller handles. */
  readonly known: ReadonlySet<string>
}

export function optional<T>(wire: string, model: string, kind: WireKind<T>, absent: unknown = null): WireMember {
  return { wire, model, kind: kind as WireKind<unknown> as WireKind<never>, required: false, absent }
}

export function required<T>(wire: string, model: string, kind: WireKind<T>, assumed?: T): WireMember {
  return { ...optional(wire, model, kind), required: true, assumed }
}

/** A member .NET does not know and ignores: written only when present. */
export function own<T>(wire: string, model: string, kind: WireKind<T>): WireMember {
  return { ...optional(wire, model, kind), absent: undefined }
}

export function layout(members: readonly WireMember[], handled: readonly string[] = []): WireLayout {
  return { members, known: new Set(['$type', ...handled, ...members.map((member) => member.wire)]) }
}

/** Reads the members of `source` into `target`, and what is unknown into `target.extra`. `at` is the place of `source` in errors. */
export function readMembers(shape: WireLayout, source: WireObject, target: Record<string, unknown>, at: string): void {
  for (const member of shape.members) {
    const value = source[member.wire] ?? undefined
    if (value !== undefined) {
      const read: unknown = member.kind.read(value, at, member.wire)
      if (read !== undefined) target[member.model] = read
    } else if (member.required) {
      target[member.model] = member.assumed ?? invalid(at, member.wire, 'it is missing')
    }
  }
  let extra: Record<string, unknown> | undefined
  for (const name of Object.keys(source)) {
    if (!shape.known.has(name)) setMember((extra ??= {}), name, source[name])
  }
  if (extra !== undefined) target['extra'] = extra
}

export function writeMember(member: WireMember, source: WireObject, target: Record<string, unknown>, flavour: WireFlavour): void {
  const value = source[member.model]
  if (value !== undefined) target[member.wire] = member.kind.write(value as never, flavour)
  else if (member.absent !== undefined) target[member.wire] = member.absent
}

/** Members that a reader kept; one that is known by now is not written twice. */
export function writeExtra(shape: WireLayout, extra: unknown, target: Record<string, unknown>): void {
  if (extra === undefined) return
  for (const name of Object.keys(extra as object)) {
    if (!shape.known.has(name)) setMember(target, name, (extra as WireObject)[name])
  }
}
