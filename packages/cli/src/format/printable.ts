/**
 * Text from a store, made fit for a terminal: it may hold control characters, which could clear the screen or worse, and it may be long.
 * Widths are columns of the terminal, not characters: an ideograph takes two.
 */
import stringWidth from 'string-width'

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** One line without control characters; line breaks and tabs become spaces. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\r\n\t]+/g, ' ').replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
}

/** The same with its lines kept. */
export function printableLines(text: string): string[] {
  return text.split(/\r?\n/).map(printable)
}

/** Columns that a text takes; what colours it takes none. */
export function widthOf(text: string): number {
  return stringWidth(text)
}

/** `text` in at most `width` columns; where something is cut, the last one is `…`. */
export function cutToWidth(text: string, width: number): string {
  if (text.length <= width && widthOf(text) <= width) return text
  let cut = ''
  let taken = 0
  for (const { segment } of graphemes.segment(text.slice(0, width * 8))) {
    const more = widthOf(segment)
    if (taken + more > width - 1) break
    cut += segment
    taken += more
  }
  return width < 1 ? '' : `${cut}…`
}
