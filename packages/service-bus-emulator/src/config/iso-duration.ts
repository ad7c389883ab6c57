/** Durations as the administration API writes them: `PT1M30S`. */

const pattern = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/
/** The longest .NET time span: for ever. */
const forEver = 'P10675199DT2H48M5.4775807S'
const longestMs = 10_675_199 * 86_400_000

/** Undefined where the text is no duration. */
export function parseDuration(text: string): number | undefined {
  const match = pattern.exec(text)
  if (match === null || text === 'P' || text.endsWith('T')) return undefined
  const [days, hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0)) as [number, number, number, number]
  const ms = ((days * 24 + hours) * 60 + minutes) * 60_000 + seconds * 1000
  return ms >= longestMs ? Number.POSITIVE_INFINITY : ms
}

export function formatDuration(ms: number): string {
  if (ms === Number.POSITIVE_INFINITY) return forEver
  const seconds = ms / 1000
  const days = Math.floor(seconds / 86_400)
  const hours = Math.floor((seconds % 86_400) / 3_600)
  const minutes = Math.floor((seconds % 3_600) / 60)
  const rest = Number((seconds % 60).toFixed(3))
  const time = `${hours > 0 ? `${hours}H` : ''}${minutes > 0 ? `${minutes}M` : ''}${rest > 0 ? `${rest}S` : ''}`
  if (days === 0 && time === '') return 'PT0S'
  return `P${days > 0 ? `${days}D` : ''}${time === '' ? '' : `T${time}`}`
}
