/**
 * The text of a queue message around its JSON. Base64 is written: every .NET version reads it, and characters that the queue's XML cannot carry survive. Both are read.
 * Invariant: reading never throws; text that is neither gives undefined.
 */

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const utf8 = new TextDecoder('utf-8', { fatal: true })

export function toQueueText(json: string): string {
  return Buffer.from(json, 'utf8').toString('base64')
}

export function fromQueueText(text: string): string | undefined {
  const trimmed = text.trim()
  if (trimmed.startsWith('{')) return trimmed
  if (trimmed === '' || !base64.test(trimmed)) return undefined
  try {
    return utf8.decode(Buffer.from(trimmed, 'base64'))
  } catch {
    return undefined
  }
}
