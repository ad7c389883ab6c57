/**
 * `ctx.patched`: a change of code that running instances must not see. The first execution that reaches the call with the new code records a marker (a GenericEvent, which .NET ignores).
 * Invariant: within one execution the answer for an id never changes: true if the history holds the marker or the call is reached outside replay first, else false.
 */
import { patchMarkerPrefix, type HistoryEvent } from '../model/events.js'
import type { Execution } from './execution.js'

export function patched(x: Execution, patchId: string): boolean {
  const known = x.patches?.get(patchId)
  if (known !== undefined) return known
  const recorded = x.isReplaying && (x.patchMarkers ??= recordedPatches(x.past)).has(patchId)
  const answer = recorded || !x.isReplaying
  ;(x.patches ??= new Map()).set(patchId, answer)
  if (answer && !recorded) (x.newMarkers ??= []).push(patchId)
  return answer
}

/** Patch ids recorded anywhere in a history. Looked up at the first call that needs them: most orchestrations have none. */
function recordedPatches(events: readonly HistoryEvent[]): Set<string> {
  const found = new Set<string>()
  for (const event of events) {
    if (event.type === 'GenericEvent' && event.data?.startsWith(patchMarkerPrefix) === true) found.add(event.data.slice(patchMarkerPrefix.length))
  }
  return found
}
