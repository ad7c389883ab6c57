/** Numbers, durations and sentences as every output of the program writes them. Pure, and the same in every locale. */
import type { FileReport, Totals } from '../check-report.js'

const counts = new Intl.NumberFormat('en-US')

export function count(value: number): string {
  return counts.format(value)
}

/** `1 file`, `2 files`. */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`
}

/** `12 ms`, `1.2 s`, `2 min`, `2 min 5 s`. */
export function duration(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

/** The result in one line. */
export function verdict(totals: Totals): string {
  const findings: string[] = []
  if (totals.broken > 0) findings.push(plural(totals.broken, 'broken link'))
  if (totals.unreadable > 0) findings.push(`${totals.unreadable} unreadable`)
  return findings.length === 0 ? 'No broken links' : findings.join(', ')
}

/** What was looked at, in one line. */
export function extent(totals: Totals): string {
  const parts = [plural(totals.files, 'file'), plural(totals.words, 'word'), `${plural(totals.links, 'link')} checked`]
  if (totals.external > 0) parts.push(`${totals.external} external, not checked`)
  return parts.join(' · ')
}

/** One row per place that needs a look: a broken link, or a file that was not checked (without a line). */
export interface Finding {
  readonly path: string
  readonly line: number | undefined
  readonly target: string
  readonly reason: string
  /** Skipped files are told, but are no error. */
  readonly isError: boolean
}

export function findingsOf(files: readonly FileReport[]): Finding[] {
  return files.flatMap((file): Finding[] => {
    const { path, problem = 'not checked', status } = file
    if (status !== 'checked') return [{ path, line: undefined, target: '', reason: `${status}: ${problem}`, isError: status === 'unreadable' }]
    const found = file.broken.map(({ line, target, reason }) => ({ path, line, target, reason, isError: true }))
    const unlisted = file.brokenCount - found.length
    return unlisted === 0 ? found : [...found, { path, line: undefined, target: '', reason: `${plural(unlisted, 'more broken link')}, not listed`, isError: true }]
  })
}

/** Path and line as editors and terminals make them clickable. */
export function placeOf({ path, line }: Pick<Finding, 'path' | 'line'>): string {
  return line === undefined ? path : `${path}:${line}`
}

/** A folder as it is shown. */
export function folderName(directory: string): string {
  return directory === '.' ? './' : `${directory}/`
}

/** For a terminal: names and targets from files may hold control characters, which could clear the screen or worse. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd')
}
