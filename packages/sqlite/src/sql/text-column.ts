/**
 * Text in a column. SQLite keeps text as UTF-8, which has no place for half of a surrogate pair: such a text, which JavaScript allows, is kept as its UTF-16 code units, in a blob.
 * Invariant: what is read is what was written, to the code unit; equal texts are equal columns.
 */
export type ColumnText = string | Uint8Array

/** Of every Node.js that has SQLite; the language level of the types is older. */
type Text = string & { isWellFormed(): boolean }

export function columnOf(text: string): ColumnText
export function columnOf(text: string | undefined): ColumnText | null
export function columnOf(text: string | undefined): ColumnText | null {
  if (text === undefined) return null
  return (text as Text).isWellFormed() ? text : Buffer.from(text, 'utf16le')
}

export function textOf(column: ColumnText): string
export function textOf(column: ColumnText | null): string | undefined
export function textOf(column: ColumnText | null): string | undefined {
  if (column === null || typeof column === 'string') return column ?? undefined
  return Buffer.from(column).toString('utf16le')
}
