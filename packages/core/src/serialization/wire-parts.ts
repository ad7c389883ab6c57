/**
 * The small objects inside events, messages and states, and alone in table columns: instance, parent, trace context, tags, failure.
 * Each is a `WireKind`; members are in .NET's order and null where absent. Text that .NET allows to be null and the model does not is '' here.
 */
import type { FailureDetails } from '../errors/failure-details.js'
import type { OrchestrationInstance, ParentInstance, Tags, TraceContext } from '../model/instance.js'
import { typedDictionary, typedObject } from './wire-flavour.js'
import { setMember, type WireObject } from './wire-json.js'
import { describe, flag, integer, invalid, readObject, text, type WireKind } from './wire-kinds.js'

export const instance: WireKind<OrchestrationInstance> = {
  read(value, parent, name) {
    const source = readObject(value, parent, name)
    const at = `${parent}.${name}`
    const executionId = optionalText(source, 'ExecutionId', at)
    const instanceId = optionalText(source, 'InstanceId', at) ?? invalid(at, 'InstanceId', 'it is missing')
    return executionId === undefined ? { instanceId } : { instanceId, executionId }
  },
  write(value, flavour) {
    const wire = typedObject(flavour, 'OrchestrationInstance')
    wire['InstanceId'] = value.instanceId
    wire['ExecutionId'] = value.executionId ?? null
    return wire
  },
}

export const parent: WireKind<ParentInstance> = {
  read(value, outer, name) {
    const source = readObject(value, outer, name)
    const at = `${outer}.${name}`
    const version = optionalText(source, 'Version', at)
    const read = {
      name: optionalText(source, 'Name', at) ?? '',
      instance: instance.read(source['OrchestrationInstance'], at, 'OrchestrationInstance') as OrchestrationInstance,
      taskScheduleId: integer.read(source['TaskScheduleId'], at, 'TaskScheduleId') as number,
    }
    return version === undefined ? read : { ...read, version }
  },
  write(value, flavour) {
    const wire = typedObject(flavour, 'ParentInstance')
    wire['Name'] = value.name
    wire['OrchestrationInstance'] = instance.write(value.instance, flavour)
    wire['TaskScheduleId'] = value.taskScheduleId
    wire['Version'] = value.version ?? null
    return wire
  },
}

export const traceContext: WireKind<TraceContext> = {
  read(value, parent, name) {
    const source = readObject(value, parent, name)
    const at = `${parent}.${name}`
    const traceState = optionalText(source, 'TraceState', at)
    const id = optionalText(source, 'Id', at)
    const spanId = optionalText(source, 'SpanId', at)
    const activityStartTime = optionalText(source, 'ActivityStartTime', at)
    return {
      traceParent: optionalText(source, 'TraceParent', at) ?? '',
      ...(traceState === undefined ? undefined : { traceState }),
      ...(id === undefined ? undefined : { id }),
      ...(spanId === undefined ? undefined : { spanId }),
      ...(activityStartTime === undefined ? undefined : { activityStartTime }),
    }
  },
  write(value, flavour) {
    const wire = typedObject(flavour, 'Tracing.DistributedTraceContext')
    wire['TraceParent'] = value.traceParent
    wire['TraceState'] = value.traceState ?? null
    wire['Id'] = value.id ?? null
    wire['SpanId'] = value.spanId ?? null
    wire['ActivityStartTime'] = value.activityStartTime ?? null
    return wire
  },
}

/** A dictionary of texts. A key `$type` cannot be told from .NET's own member and is left out. */
export const tags: WireKind<Tags> = {
  read(value, parent, name) {
    const source = readObject(value, parent, name)
    const read: Record<string, string> = {}
    for (const key of Object.keys(source)) {
      if (key !== '$type') setMember(read, key, text.read(source[key] ?? '', `${parent}.${name}`, key))
    }
    return read
  },
  write: (value, flavour) => writeEntries(typedDictionary(flavour, 'String'), value),
}

export const failure: WireKind<FailureDetails> = {
  read: (value, parent, name) => readFailure(value, parent, name, 0),
  write(value, flavour) {
    const wire = typedObject(flavour, 'FailureDetails')
    wire['ErrorType'] = value.errorType
    wire['ErrorMessage'] = value.errorMessage
    wire['StackTrace'] = value.stackTrace ?? null
    wire['InnerFailure'] = value.innerFailure === undefined ? null : failure.write(value.innerFailure, flavour)
    wire['IsNonRetriable'] = value.isNonRetriable
    wire['Properties'] = value.properties === undefined ? null : writeEntries(typedDictionary(flavour, 'Object'), value.properties)
    return wire
  },
}

/** Far more levels than any writer keeps; bounds the recursion over foreign input. */
const maxInnerFailures = 200

function readFailure(value: unknown, parent: string, name: string, depth: number): FailureDetails {
  if (depth > maxInnerFailures) invalid(parent, name, `it is nested more than ${maxInnerFailures} levels deep`)
  const source = readObject(value, parent, name)
  const at = `${parent}.${name}`
  const stackTrace = optionalText(source, 'StackTrace', at)
  const inner = source['InnerFailure'] ?? undefined
  const properties = source['Properties'] ?? undefined
  return {
    errorType: optionalText(source, 'ErrorType', at) ?? '',
    errorMessage: optionalText(source, 'ErrorMessage', at) ?? '',
    ...(stackTrace === undefined ? undefined : { stackTrace }),
    ...(inner === undefined ? undefined : { innerFailure: readFailure(inner, at, 'InnerFailure', depth + 1) }),
    isNonRetriable: flag.read(source['IsNonRetriable'] ?? false, at, 'IsNonRetriable') ?? false,
    ...(properties === undefined ? undefined : { properties: readProperties(properties, at) }),
  }
}

/** Values stay as they are read, also objects with a `$type` of their own. */
function readProperties(value: unknown, at: string): WireObject {
  const source = readObject(value, at, 'Properties')
  const read: Record<string, unknown> = {}
  for (const key of Object.keys(source)) if (key !== '$type') setMember(read, key, source[key])
  return read
}

function writeEntries(wire: Record<string, unknown>, entries: WireObject): WireObject {
  for (const key of Object.keys(entries)) if (key !== '$type') setMember(wire, key, entries[key])
  return wire
}

function optionalText(source: WireObject, name: string, at: string): string | undefined {
  const value = source[name]
  if (value === undefined || value === null) return undefined
  return typeof value === 'string' ? value : invalid(at, name, `expected text, found ${describe(value)}`)
}
