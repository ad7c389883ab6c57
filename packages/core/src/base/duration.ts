/**
 * Durations as people write them (`'500ms'`, `'1.5s'`, `'30m'`, `'2d'`) and their milliseconds.
 * Invariant: what leaves this file is a finite number of milliseconds ≥ 0, or a coded error that shows the text.
 */
import { dtfxError } from '../errors/durable-error.js'

/** Milliseconds as a number, or text with a unit: `ms`, `s`, `m`, `h`, `d`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/**
 * Milliseconds of a duration.
 * @throws DTFX_INVALID_DURATION for NaN, infinite or negative values and for text of another shape; `what` names the option.
 */
export function durationMs(duration: Duration, what = 'duration'): number {
  let ms = Number.NaN
  if (typeof duration === 'number') ms = duration
  else if (typeof duration === 'string') {
    const parts = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration)
    if (parts !== null) ms = Number(parts[1]) * (unitMs[parts[2] as string] as number)
  }
  if (!Number.isFinite(ms) || ms < 0) {
    throw dtfxError('DTFX_INVALID_DURATION', { what, value: String(duration) })
  }
  return ms
}
