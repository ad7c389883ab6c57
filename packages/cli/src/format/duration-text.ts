/** Durations and times as people read them, the same in every locale and time zone: times are UTC. */

const secondMs = 1_000
const minuteMs = 60_000
const hourMs = 3_600_000
const dayMs = 86_400_000

/** `12 ms`, `1.2 s`, `2 min 5 s`, `3 h 4 min`, `2 d 3 h`. */
export function durationText(ms: number): string {
  const abs = Math.abs(ms)
  const sign = ms < 0 ? '-' : ''
  if (abs < 999.5) return `${sign}${Math.round(abs)} ms`
  if (abs < 59_950) return `${sign}${(abs / secondMs).toFixed(1)} s`
  if (abs < hourMs - 500) return sign + two(abs, { ms: minuteMs, name: 'min' }, { ms: secondMs, name: 's' })
  if (abs < dayMs - minuteMs / 2) return sign + two(abs, { ms: hourMs, name: 'h' }, { ms: minuteMs, name: 'min' })
  return sign + two(abs, { ms: dayMs, name: 'd' }, { ms: hourMs, name: 'h' })
}

interface Unit {
  readonly ms: number
  readonly name: string
}

function two(ms: number, big: Unit, small: Unit): string {
  const all = Math.round(ms / small.ms)
  const perBig = big.ms / small.ms
  const rest = all % perBig
  return `${Math.floor(all / perBig)} ${big.name}${rest === 0 ? '' : ` ${rest} ${small.name}`}`
}

/** How long ago, in its largest unit: `5s`, `3m`, `2h`, `4d`. */
export function ageText(ms: number): string {
  if (ms < minuteMs) return `${Math.max(0, Math.floor(ms / secondMs))}s`
  if (ms < hourMs) return `${Math.floor(ms / minuteMs)}m`
  return ms < dayMs ? `${Math.floor(ms / hourMs)}h` : `${Math.floor(ms / dayMs)}d`
}

/** `3m ago`, `in 2h`, `now`. */
export function relativeText(timeMs: number, nowMs: number): string {
  const ms = nowMs - timeMs
  if (Math.abs(ms) < secondMs) return 'now'
  return ms < 0 ? `in ${ageText(-ms)}` : `${ageText(ms)} ago`
}

/** `2026-11-29 02:22:38.123Z` */
export function timeText(time: Date): string {
  return time.toISOString().replace('T', ' ')
}

/** `2026-11-29 02:22:38`; for columns whose head says UTC. */
export function shortTimeText(time: Date): string {
  return timeText(time).slice(0, 19)
}
