/**
 * Times as .NET's JSON has them: ISO 8601, UTC with `Z`, up to seven digits of fraction and none of its trailing zeros.
 * Reading is more tolerant: any number of digits (cut after seven), an offset, or no zone at all (taken as UTC).
 */
import { normalizeTicks, type Ticks } from '../base/ticks.js'

/** .NET's `default(DateTime)`: what a member is that its writer left out. */
export const defaultDate: Ticks = '0001-01-01T00:00:00Z'

export function dateToWire(ticks: Ticks): string {
  const dot = ticks.indexOf('.')
  if (dot < 0) return ticks
  let end = ticks.length - 1
  while (ticks.charCodeAt(end - 1) === 48 /* 0 */) end--
  return `${ticks.slice(0, end === dot + 1 ? dot : end)}Z`
}

/** Undefined for text that is not a time. Digits are kept as they are read. */
export function dateFromWire(text: string): Ticks | undefined {
  return normalizeTicks(text) ?? normalizeTicks(text.replace(/(\.\d{7})\d+/, '$1'))
}
