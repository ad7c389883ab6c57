/** The result for a terminal: a table of the folders, and the broken links with places that editors open. Pure: text in, text out. */
import Table from 'cli-table3'
import { filesOf, totalsOf, type RunReport, type Totals } from '../check-report.js'
import type { Paint } from './paint.js'
import { count, findingsOf, folderName, placeOf, plural, printable } from './wording.js'

/** Rows beyond these are left to the report. */
const maxFolders = 30
const maxFindings = 50

export function renderFolders(report: RunReport, paint: Paint): string {
  const table = new Table({
    head: ['Folder', 'Files', 'Words', 'Links', 'External', 'Broken'].map(paint.strong),
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  })
  // Those with something to repair are always shown.
  const rows = report.directories.map(({ directory, files }) => ({ name: printable(folderName(directory)), totals: totalsOf(files) }))
  const bySeverity = [...rows].sort((a, b) => severity(b.totals) - severity(a.totals))
  const shown = new Set(bySeverity.slice(0, maxFolders))
  for (const row of rows) if (shown.has(row)) table.push(cells(row.name, row.totals, paint))
  if (rows.length > shown.size) table.push([{ colSpan: 6, content: paint.dim(`… and ${plural(rows.length - shown.size, 'more folder')}`) }])
  if (rows.length > 1) table.push(cells('Total', totalsOf(filesOf(report)), paint).map(paint.strong))
  return table.toString()
}

/** One line per finding; empty when there is none. */
export function renderFindings(report: RunReport, paint: Paint): string {
  const findings = findingsOf(filesOf(report)).sort((a, b) => Number(b.isError) - Number(a.isError))
  const lines = findings.slice(0, maxFindings).map((finding) => {
    const mark = finding.isError ? paint.bad('✗') : paint.warn('–')
    const target = finding.target === '' ? '' : ` ${paint.strong(printable(finding.target))}`
    return `${mark} ${paint.accent(printable(placeOf(finding)))}${target} ${paint.dim(printable(finding.reason))}`
  })
  if (findings.length > maxFindings) lines.push(paint.dim(`… and ${count(findings.length - maxFindings)} more`))
  return lines.join('\n')
}

function cells(name: string, totals: Totals, paint: Paint): string[] {
  const { files, words, links, external, broken } = totals
  return [name, ...[files, words, links, external].map(count), broken > 0 ? paint.bad(count(broken)) : paint.good('0')]
}

function severity(totals: Totals): number {
  return totals.broken + totals.unreadable
}
