/** Rows as JSON lines for programs, or as a table for people. */
import Table from 'cli-table3'
import type { Row } from './runner.js'

export function jsonLines(rows: readonly Row[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('')
}

export function table(rows: readonly Row[]): string {
  const first = rows[0]
  if (first === undefined) return ''
  const grid = new Table({ head: ['case', 'provider', 'metric', 'median', 'lowest … highest', 'runs'], style: { head: [], border: [] }, colAligns: ['left', 'left', 'left', 'right', 'right', 'right'] })
  for (const row of rows) {
    grid.push([
      row.case,
      row.against === undefined ? row.provider : `${row.provider} : ${row.against}`,
      row.operation === undefined ? row.metric : `${row.metric} ${row.operation}`,
      `${readable(row.value)} ${row.unit}`,
      `${readable(Math.min(...row.runs))} … ${readable(Math.max(...row.runs))}`,
      row.runs.length,
    ])
  }
  return `${first.workload}: Node ${first.node}, ${first.cpu}\n${grid.toString()}\n`
}

function readable(value: number): string {
  return Math.abs(value) >= 1000 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(4)))
}
