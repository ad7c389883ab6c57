/**
 * Messages ↔ .NET's TaskMessage: a history event with its target, as every provider puts it inside its envelope.
 * .NET's `SequenceNumber` is kept among the extras (absent when 0) and written back in its place; a `bigint` where a number cannot hold it.
 */
import type { HistoryEvent } from '../model/events.js'
import type { TaskMessage } from '../model/message.js'
import { eventFromWire, eventToWire } from './wire-history.js'
import { typedObject, type WireFlavour } from './wire-flavour.js'
import { parseWire, wireText, type WireObject } from './wire-json.js'
import { describe, invalid, readObject, type WireKind } from './wire-kinds.js'
import { layout, optional, readMembers, required, writeExtra, writeMember } from './wire-layout.js'
import * as parts from './wire-parts.js'

const event: WireKind<HistoryEvent> = {
  read: (value, at, name) => eventFromWire(value, `${at}.${name}`),
  write: eventToWire,
}

const sequenceNumber: WireKind<number | bigint> = {
  read(value, at, name) {
    if (typeof value !== 'bigint' && !Number.isInteger(value)) invalid(at, name, `expected an integer, found ${describe(value)}`)
    return value === 0 ? undefined : (value as number | bigint)
  },
  write: (value) => value,
}

/** .NET wraps the tags once more, in an OrchestrationExecutionContext. */
const executionContext: WireKind<Readonly<Record<string, string>>> = {
  read(value, at, name) {
    const orchestrationTags = readObject(value, at, name)['OrchestrationTags'] ?? undefined
    return orchestrationTags === undefined ? undefined : parts.tags.read(orchestrationTags, `${at}.${name}`, 'OrchestrationTags')
  },
  write(value, flavour) {
    const wire = typedObject(flavour, 'OrchestrationExecutionContext')
    wire['OrchestrationTags'] = parts.tags.write(value, flavour)
    return wire
  },
}

const messageLayout = layout([
  required('Event', 'event', event),
  optional('SequenceNumber', 'sequenceNumber', sequenceNumber, 0),
  required('OrchestrationInstance', 'instance', parts.instance),
  optional('OrchestrationExecutionContext', 'orchestrationTags', executionContext),
])

/** The wire object of a message, for an envelope to hold. */
export function messageToWire(message: TaskMessage, flavour: WireFlavour): WireObject {
  const wire = typedObject(flavour, 'TaskMessage')
  const source = { ...message, sequenceNumber: message.extra?.['SequenceNumber'] }
  for (const member of messageLayout.members) writeMember(member, source, wire, flavour)
  writeExtra(messageLayout, message.extra, wire)
  return wire
}

/** `what` names the place of the message in errors. @throws DTFX_WIRE_INVALID */
export function messageFromWire(value: unknown, what: string): TaskMessage {
  const read: Record<string, unknown> = {}
  readMembers(messageLayout, readObject(value, what, ''), read, what)
  const { sequenceNumber: number, ...message } = read as unknown as TaskMessage & { readonly sequenceNumber?: number | bigint }
  return number === undefined ? message : { ...message, extra: { SequenceNumber: number, ...message.extra } }
}

export function encodeMessage(message: TaskMessage, flavour: WireFlavour): string {
  return wireText(messageToWire(message, flavour))
}

/** @throws DTFX_WIRE_INVALID */
export function decodeMessage(json: string, what: string): TaskMessage {
  return messageFromWire(parseWire(json, what), what)
}
