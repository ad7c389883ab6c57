/** The colour of a status. */
import type { OrchestrationStatus } from '@dtfx/core'
import type { Paint, Style } from '../format/paint.js'

export function statusStyle(status: OrchestrationStatus, paint: Paint): Style {
  switch (status) {
    case 'Completed':
      return paint.good
    case 'Failed':
      return paint.bad
    case 'Terminated':
    case 'Canceled':
    case 'Suspended':
      return paint.warn
    case 'Pending':
    case 'Running':
    case 'ContinuedAsNew':
      return paint.strong
  }
}
