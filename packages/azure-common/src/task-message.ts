/**
 * Messages as .NET writes them: `Version` is '' where there is none, and what an orchestration starts always has tags. Here both are absent then, and times have the form of our clock.
 */
import { messageFromWire, messageToWire, type HistoryEvent, type TaskMessage, type WireFlavour, type WireObject } from '@dtfx/core/provider'
import { withCanonicalTimes } from './canonical-ticks.js'
import { withEmptyVersion, withoutEmptyVersion } from './empty-version.js'

/** The wire object of a message, as .NET has it. */
export function taskMessageToWire(message: TaskMessage, flavour: WireFlavour): WireObject {
  const complete = hasTagsAlways(message.event) && message.orchestrationTags === undefined ? { ...message, orchestrationTags: {} } : message
  const wire = messageToWire(complete, flavour)
  return { ...wire, Event: withEmptyVersion(wire['Event'] as WireObject) }
}

/** `what` names the message in errors. @throws DTFX_WIRE_INVALID */
export function taskMessageFromWire(value: unknown, what: string): TaskMessage {
  const { event, orchestrationTags, ...message } = messageFromWire(value, what)
  const hasTags = orchestrationTags !== undefined && !(hasTagsAlways(event) && Object.keys(orchestrationTags).length === 0)
  return { ...message, event: withCanonicalTimes(withoutEmptyVersion(event)), ...(hasTags ? { orchestrationTags } : undefined) }
}

function hasTagsAlways(event: HistoryEvent): boolean {
  return event.type === 'TaskScheduled' || (event.type === 'ExecutionStarted' && event.parent !== undefined)
}
