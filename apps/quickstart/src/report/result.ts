/** What a run ends with on the terminal: table, findings, what became of the report, and the verdict as the last line, where eyes and logs look first. Pure. */
import { filesOf, isClean, totalsOf, type RunReport } from '../check-report.js'
import type { ReportOutcome } from '../orchestrations/check-run.js'
import type { Paint } from './paint.js'
import { renderFindings, renderFolders } from './table.js'
import { duration, extent, verdict } from './wording.js'

export interface Result {
  readonly report: RunReport
  readonly outcome: ReportOutcome
  readonly tookMs: number
}

export function renderResult({ report, outcome, tookMs }: Result, paint: Paint): string {
  const totals = totalsOf(filesOf(report))
  const findings = renderFindings(report, paint)
  const line = isClean(totals) ? paint.good(`✓ ${verdict(totals)}`) : paint.bad(`✗ ${verdict(totals)}`)
  const parts = [renderFolders(report, paint), ...(findings === '' ? [] : [findings]), outcomeText(outcome, paint), `${paint.strong(line)} in ${extent(totals)} ${paint.dim(`(${duration(tookMs)})`)}`]
  return `\n${parts.join('\n\n')}`
}

function outcomeText(outcome: ReportOutcome, paint: Paint): string {
  switch (outcome.kind) {
    case 'written':
      return `Report: ${paint.accent(outcome.files.markdown)}\n        ${paint.accent(outcome.files.html)}`
    case 'denied':
      return 'No report was written, as you wished.'
    case 'expired':
      return 'No report was written: nobody answered in time.'
    case 'failed':
      return paint.bad(`The report could not be written: ${outcome.problem}`)
    case 'nothing-to-report':
      return 'There was nothing to report.'
  }
}
