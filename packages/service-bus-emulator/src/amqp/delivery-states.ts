/** Outcomes and transactional states, as the two sides write them into frames. */
import type { BrokerError } from '../broker/broker-error.js'
import type { Outcome } from '../broker/settlement.js'
import type { PropertyChanges } from '../broker/message.js'
import { conditionOf } from './error-conditions.js'
import { message, types, type Typed } from './rhea-internals.js'

const code = { received: 0x23, accepted: 0x24, rejected: 0x25, released: 0x26, modified: 0x27, declared: 0x33, transactional: 0x34 } as const

export const accepted = (): Typed => message.accepted().described()
/** A dead letter is answered so: an error here would read as a failure. */
export const rejectedWithoutError = (): Typed => message.rejected({}).described()
export const rejected = (error: BrokerError): Typed => message.rejected({ error: { condition: conditionOf(error.code), description: error.message } }).described()
export const declared = (transactionId: Buffer): Typed => types.described_nc(types.wrap_ulong(code.declared), types.List32([types.wrap_binary(transactionId)]))

export const transactional = (transactionId: Buffer, outcome: Typed): Typed =>
  types.described_nc(types.wrap_ulong(code.transactional), types.List32([types.wrap_binary(transactionId), outcome]))

/** Transaction and outcome of a transactional state; undefined for any other state. */
export function transactionOf(state: Typed | undefined): { readonly id: Buffer; readonly outcome: Typed | undefined } | undefined {
  if (state?.descriptor?.value !== code.transactional) return undefined
  const [id, outcome] = state.value as [Typed, Typed | undefined]
  return { id: id.value as Buffer, outcome }
}

/** What a client decided; undefined where the state is no decision. */
export function outcomeOf(state: Typed | undefined): Outcome | undefined {
  const fields = Array.isArray(state?.value) ? (state.value as (Typed | undefined)[]) : []
  switch (state?.descriptor?.value) {
    case code.accepted:
      return { kind: 'complete' }
    case code.released:
      return { kind: 'release' }
    case code.modified:
      return { kind: fields[1]?.value === true ? 'defer' : 'abandon', changes: changesOf(fields[2]) }
    case code.rejected: {
      const error = fields[0]?.value
      return { kind: 'dead-letter', changes: changesOf(Array.isArray(error) ? (error[2] as Typed | undefined) : undefined) }
    }
    default:
      return undefined
  }
}

/** An encoded map as changes of application properties. Values keep their types. */
function changesOf(map: Typed | undefined): PropertyChanges {
  const changes = new Map<string, Uint8Array>()
  const items = Array.isArray(map?.value) ? (map.value as Typed[]) : []
  for (let index = 0; index + 1 < items.length; index += 2) {
    const value = items[index + 1]!
    if (value.value !== null && value.value !== undefined) changes.set(String(items[index]!.value), encodeTyped(value))
  }
  return changes
}

/** A plain object of a request as changes of application properties. */
export function changesFrom(properties: Readonly<Record<string, unknown>>): PropertyChanges {
  return new Map(
    Object.entries(properties)
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([name, value]) => [name, encodeTyped(types.wrap(value))]),
  )
}

function encodeTyped(value: Typed): Uint8Array {
  const writer = new types.Writer()
  writer.write(value)
  return Buffer.from(writer.toBuffer())
}
