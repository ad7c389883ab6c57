/** .NET writes '' where there is no version, and has no null there; here a version that is empty is absent. */
import type { HistoryEvent, WireObject } from '@dtfx/core/provider'

/** Of an event that was read. */
export function withoutEmptyVersion(event: HistoryEvent): HistoryEvent {
  const whole = withoutEmpty(event)
  if (whole.type !== 'ExecutionStarted' || whole.parent === undefined) return whole
  const parent = withoutEmpty(whole.parent)
  return parent === whole.parent ? whole : { ...whole, parent }
}

/** Of an event to be written. */
export function withEmptyVersion(wire: WireObject): WireObject {
  const parent = wire['ParentInstance'] as WireObject | null | undefined
  if (wire['Version'] !== null && parent?.['Version'] !== null) return wire
  return {
    ...wire,
    ...(wire['Version'] === null ? { Version: '' } : undefined),
    ...(parent?.['Version'] === null ? { ParentInstance: { ...parent, Version: '' } } : undefined),
  }
}

function withoutEmpty<T extends object>(value: T): T {
  if (!('version' in value) || value.version !== '') return value
  const { version: _, ...rest } = value
  return rest as T
}
