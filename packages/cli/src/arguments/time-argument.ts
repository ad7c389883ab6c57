/** A time on a command line: a date, or how long ago. */
import { InvalidArgumentError } from 'commander'

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `2026-11-29`, `2026-11-29T10:00:00Z` (UTC where no offset is given), or `30m`: half an hour ago. @throws InvalidArgumentError */
export function timeArgument(nowMs: number): (text: string) => Date {
  return (text) => {
    const ago = /^(\d+(?:\.\d+)?)(s|m|h|d)$/.exec(text)
    const time = ago === null ? parsed(text) : nowMs - Number(ago[1]) * (unitMs[ago[2] ?? ''] ?? Number.NaN)
    const year = new Date(time).getUTCFullYear()
    if (!(year >= 1 && year <= 9999)) throw new InvalidArgumentError('Give a time like 2026-11-29T10:00:00Z or 2026-11-29, or how long ago: 30s, 15m, 2h, 7d.')
    return new Date(time)
  }
}

function parsed(text: string): number {
  const parts = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,7})?)?)(Z|[+-]\d\d:\d\d)?)?$/.exec(text)
  if (parts === null) return Number.NaN
  const [, day, time = '00:00', offset = 'Z'] = parts
  return Date.parse(`${day}T${time}${offset}`)
}
