/**
 * A table that is written while its rows still come: blocks of rows, each as wide as what was seen so far, the head once.
 * Invariants: no cell but the last is ever cut, because ids are there to be copied; on a terminal no line is wider than it.
 */
import type { Paint, Style } from './paint.js'
import { cutToWidth, widthOf } from './printable.js'

export interface Column {
  readonly head: string
  readonly align?: 'right'
}

/** Text, or text with its colour. */
export type Cell = string | { readonly text: string; readonly style: Style }

const gap = '  '
/** Less is no use to anybody: the last column then takes its own length. */
const minLastWidth = 20

export class Columns {
  readonly #widths: number[]
  #isHeadWritten = false

  constructor(
    readonly columns: readonly Column[],
    readonly paint: Paint,
    /** Of the terminal; undefined: nothing is cut. */
    readonly screenWidth: number | undefined,
  ) {
    this.#widths = columns.map(({ head }) => widthOf(head))
  }

  /** Lines for these rows, each with its line end; before the first ones the head. */
  lines(rows: readonly (readonly Cell[])[]): string {
    for (const row of rows) row.forEach((cell, i) => (this.#widths[i] = Math.max(this.#widths[i] ?? 0, widthOf(textOf(cell)))))
    const head = this.#isHeadWritten ? [] : [this.#line(this.columns.map(({ head: text }) => ({ text, style: this.paint.strong })))]
    this.#isHeadWritten = true
    return [...head, ...rows.map((row) => this.#line(row))].map((line) => `${line}\n`).join('')
  }

  #line(row: readonly Cell[]): string {
    const last = this.columns.length - 1
    return row
      .map((cell, i) => {
        const text = i === last ? this.#cut(textOf(cell)) : textOf(cell)
        const padding = ' '.repeat(Math.max(0, (this.#widths[i] ?? 0) - widthOf(text)))
        const painted = typeof cell === 'string' ? text : cell.style(text)
        if (this.columns[i]?.align === 'right') return padding + painted
        return i === last ? painted : painted + padding
      })
      .join(gap)
      .trimEnd()
  }

  #cut(text: string): string {
    if (this.screenWidth === undefined) return text
    const before = this.#widths.slice(0, -1).reduce((sum, width) => sum + width + gap.length, 0)
    const rest = this.screenWidth - before
    return rest < minLastWidth ? text : cutToWidth(text, rest)
  }
}

function textOf(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell.text
}
