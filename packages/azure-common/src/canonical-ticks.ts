/**
 * One text for one time. A queue message has a time without trailing zeros, a table cell with all seven digits, our clock with three: what is read from either gets the form of our clock, so that an execution that is
 * in memory and one that was read again draw the same ids from the same times. Digits below a millisecond, which .NET has, are all kept.
 */
import type { HistoryEvent, Ticks } from '@dtfx/core/provider'

/** Three digits, or seven where there is something below a millisecond. */
export function canonicalTicks(ticks: Ticks): Ticks {
  const [seconds = '', fraction = ''] = ticks.slice(0, -1).split('.')
  const digits = fraction.padEnd(7, '0')
  return `${seconds}.${digits.endsWith('0000') ? digits.slice(0, 3) : digits}Z`
}

const members = ['timestamp', 'fireAt', 'scheduledStartTime'] as const

export function withCanonicalTimes(event: HistoryEvent): HistoryEvent {
  const times: Record<string, Ticks> = {}
  for (const name of members) {
    const ticks = (event as unknown as Readonly<Record<string, unknown>>)[name]
    if (typeof ticks === 'string') times[name] = canonicalTicks(ticks)
  }
  return { ...event, ...times }
}
