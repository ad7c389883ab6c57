/** Payloads for a terminal: one line, cut to a length with a word on how to see the rest, or whole and indented. */
import { printable, printableLines } from './printable.js'

const maxPayloadLength = 300
const counts = new Intl.NumberFormat('en-US')

/** Of a value. */
export function payloadText(value: unknown, full: boolean): string {
  return textOfPayload(JSON.stringify(value, undefined, full ? 2 : undefined) ?? 'undefined', full)
}

/** Of text as it is stored. */
export function textOfPayload(text: string, full: boolean, maxLength = maxPayloadLength): string {
  if (full) return printableLines(text).join('\n')
  if (text.length <= maxLength) return printable(text)
  return `${printable(text.slice(0, maxLength))}… (${counts.format(text.length)} characters; --full shows all)`
}
