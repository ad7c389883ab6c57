/** Row keys of the History table: the place of an event in its generation, 16 upper-case hexadecimal digits, so that the order of keys is the order of events. */

/** Row that guards and describes the others of an instance. Comes behind every digit. */
export const sentinelRowKey = 'sentinel'

export function historyRowKey(index: number): string {
  return index.toString(16).toUpperCase().padStart(16, '0')
}

/** Undefined for a key that is none of an event. */
export function indexOfRowKey(rowKey: string): number | undefined {
  return /^[0-9A-F]{16}$/.test(rowKey) ? Number.parseInt(rowKey, 16) : undefined
}
