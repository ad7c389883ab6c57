/**
 * `ctx.patched`: a change of code that running instances must not see. The first execution that reaches the call with the new code records a marker (a GenericEvent, which .NET ignores).
 * Invariant: within one execution the answer for an id never changes: true if the history holds the marker or the call is reached outside replay first, else false.
 */
import type { Execution } from './execution.js'

export function patched(x: Execution, patchId: string): boolean {
  const known = x.patches?.get(patchId)
  if (known !== undefined) return known
  const recorded = x.patchMarkers?.has(patchId) === true
  const answer = recorded || !x.isReplaying
  ;(x.patches ??= new Map()).set(patchId, answer)
  if (answer && !recorded) (x.newMarkers ??= []).push(patchId)
  return answer
}
