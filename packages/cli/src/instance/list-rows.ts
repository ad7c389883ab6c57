/** The table of `list`: one line for each instance. Pure. */
import type { OrchestrationState } from '@dtfx/core'
import type { Cell, Column } from '../format/columns.js'
import { ageText, durationText, shortTimeText } from '../format/duration-text.js'
import { causeText } from '../format/failure-lines.js'
import type { Paint } from '../format/paint.js'
import { payloadText, textOfPayload } from '../format/payload-text.js'
import { printable } from '../format/printable.js'
import { instanceJson } from './instance-json.js'
import { statusStyle } from './status-style.js'

export const listColumns: readonly Column[] = [{ head: 'INSTANCE' }, { head: 'NAME' }, { head: 'STATUS' }, { head: 'CREATED (UTC)' }, { head: 'AGE', align: 'right' }, { head: 'TOOK', align: 'right' }, { head: 'NOTE' }]

export function listRow(state: OrchestrationState, nowMs: number, paint: Paint): Cell[] {
  const { createdAt, completedAt, status } = state
  return [
    printable(state.instanceId),
    printable(state.name),
    { text: status, style: statusStyle(status, paint) },
    shortTimeText(createdAt),
    ageText(nowMs - createdAt.getTime()),
    completedAt === undefined ? '' : durationText(completedAt.getTime() - createdAt.getTime()),
    noteOf(state),
  ]
}

/** Why it failed or was terminated, or what it says of itself while it goes on. */
function noteOf(state: OrchestrationState): string {
  if (state.failure !== undefined) return textOfPayload(causeText(state.failure), false)
  const { terminationReason, customStatus, unreadable } = instanceJson(state)
  if (terminationReason !== undefined) return textOfPayload(terminationReason, false)
  if (unreadable?.['customStatus'] !== undefined) return `unreadable: ${printable(unreadable['customStatus'])}`
  return customStatus === undefined || state.isFinal ? '' : payloadText(customStatus, false)
}
