/**
 * What a run finds out, as plain JSON data: it is the result of the activities and orchestrations, and the input of the report.
 * Invariants: paths use `/` and are relative to the folder that is checked; `.` is that folder itself. Lists are bounded (`limits`), counts are not.
 */

export const limits = {
  /** Files of one run. Their results travel through the run's history. */
  maxFiles: 20_000,
  /** Bytes of one file. A larger one is generated text, not documentation. */
  maxFileBytes: 5 * 1024 * 1024,
  /** Broken links listed per file; the rest are counted. */
  maxBrokenListed: 100,
  /** Characters of a link target in a result; the rest is cut. */
  maxTargetLength: 300,
} as const

export interface BrokenLink {
  readonly line: number
  /** As written in the file. */
  readonly target: string
  readonly reason: string
}

export interface FileReport {
  readonly path: string
  /** `skipped`: not a text file, or too large. `unreadable`: I/O failed, also after its retries. */
  readonly status: 'checked' | 'skipped' | 'unreadable'
  /** Why the file was not checked. */
  readonly problem?: string | undefined
  readonly bytes: number
  /** First 12 hexadecimal digits of the SHA-256 of its bytes. */
  readonly hash: string
  readonly words: number
  /** Links that were checked: relative ones and anchors. */
  readonly links: number
  /** Links that were not: other hosts, mail addresses. */
  readonly external: number
  readonly brokenCount: number
  /** The first `limits.maxBrokenListed` of them. */
  readonly broken: readonly BrokenLink[]
}

export interface DirectoryReport {
  readonly directory: string
  readonly files: readonly FileReport[]
}

/** Says nothing of when and how it came about: of the same files it is the same, however often the run was stopped. */
export interface RunReport {
  /** The folder as the user named it. */
  readonly title: string
  readonly directories: readonly DirectoryReport[]
}

export interface Totals {
  readonly files: number
  readonly words: number
  readonly links: number
  readonly external: number
  readonly broken: number
  readonly skipped: number
  readonly unreadable: number
}

/** Sums over any number of files. */
export function totalsOf(files: Iterable<FileReport>): Totals {
  const totals = { files: 0, words: 0, links: 0, external: 0, broken: 0, skipped: 0, unreadable: 0 }
  for (const file of files) {
    totals.files++
    totals.words += file.words
    totals.links += file.links
    totals.external += file.external
    totals.broken += file.brokenCount
    if (file.status !== 'checked') totals[file.status]++
  }
  return totals
}

/** Every file of a run, directory by directory. */
export function filesOf(report: Pick<RunReport, 'directories'>): FileReport[] {
  return report.directories.flatMap((each) => [...each.files])
}

/** True when every link that could be checked leads somewhere, and every file could be read. */
export function isClean(totals: Totals): boolean {
  return totals.broken === 0 && totals.unreadable === 0
}

/** The report of a file whose links were not looked at. */
export function uncheckedFile(path: string, status: 'skipped' | 'unreadable', problem: string, bytes = 0): FileReport {
  return { path, status, problem, bytes, hash: '', words: 0, links: 0, external: 0, brokenCount: 0, broken: [] }
}
