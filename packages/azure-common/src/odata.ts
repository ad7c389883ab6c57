/** Filters of the table service as text. Everything that comes from outside is quoted here and nowhere else. */
import type { Ticks } from '@dtfx/core/provider'
import { sevenDigits } from './table-row.js'

export function odataText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

export function odataTime(ticks: Ticks): string {
  return `datetime'${sevenDigits(ticks)}'`
}

/** Undefined: no condition. */
export function allOf(conditions: readonly string[]): string | undefined {
  return conditions.length > 1 ? conditions.map((each) => `(${each})`).join(' and ') : conditions[0]
}
