/** Rows as JSON lines for programs or as a table for people. */
import type { Row } from './runner.js'

export function jsonLines(rows: readonly Row[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('')
}

export function table(rows: readonly Row[]): string {
  const first = rows[0]
  if (first === undefined) return ''
  const cells = rows.map((row) => [
    row.workload,
    row.case,
    row.against === undefined ? row.provider : `${row.provider} / ${row.against}`,
    row.operation === undefined ? row.metric : `${row.metric} ${row.operation}`,
    `${format(row.value)} ${row.unit}`,
    row.runs.map(format).join(' '),
  ])
  const head = ['workload', 'case', 'provider', 'metric', 'median', 'runs']
  const widths = head.map((title, column) => Math.max(title.length, ...cells.map((row) => (column === 5 ? 0 : (row[column] as string).length))))
  const line = (row: readonly string[]): string => row.map((cell, column) => cell.padEnd(widths[column] as number)).join('  ').trimEnd()
  return [`Node ${first.node}, ${first.cpu}`, '', line(head), line(widths.map((width) => '─'.repeat(width))), ...cells.map(line), ''].join('\n')
}

function format(value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US')
  return Number(value.toPrecision(4)).toString()
}
