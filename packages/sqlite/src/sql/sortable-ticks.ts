/** Ticks in one length, so that the order of the texts is the order of the times. Only for comparing: what users see is the text as it was written. */
import type { Ticks } from '@dtfx/core/provider'

const secondsLength = 19

export function sortableTicks(ticks: Ticks): string {
  const fraction = ticks.length > secondsLength + 1 ? ticks.slice(secondsLength + 1, -1) : ''
  return `${ticks.slice(0, secondsLength)}.${fraction.padEnd(7, '0')}Z`
}
