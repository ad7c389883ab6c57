/** .NET writes '' where there is no version; here it is absent. */
import type { HistoryEvent } from '@dtfx/core/provider'

export function withoutEmptyVersion(event: HistoryEvent): HistoryEvent {
  if (!('version' in event) || event.version !== '') return event
  const { version: _, ...rest } = event
  return rest as HistoryEvent
}
