/**
 * Parsed Markdown files, remembered for as long as the file stays the same: a page that many others link to is read and parsed once, not once per link.
 * Only a cache: a worker that starts anew has an empty one and finds the same. Bounded: the document asked for longest ago leaves first.
 */
import { stat } from 'node:fs/promises'
import { parseMarkdown, type ParsedMarkdown } from '../markdown/parse-markdown.js'
import { readText } from './read-text.js'

export type Document = { readonly parsed: ParsedMarkdown; readonly bytes: number; readonly hash: string } | { readonly skipped: string; readonly bytes: number }

interface Entry {
  /** Size and time of change: when it differs, the file is read again. */
  readonly stamp: string
  readonly document: Promise<Document>
}

export class DocumentIndex {
  readonly #entries = new Map<string, Entry>()

  constructor(readonly maxDocuments = 5_000) {}

  /** I/O errors are thrown as they are, and not remembered. */
  async of(path: string): Promise<Document> {
    const { size, mtimeMs } = await stat(path)
    const stamp = `${size}:${mtimeMs}`
    const known = this.#entries.get(path)
    this.#entries.delete(path)
    const entry = known?.stamp === stamp ? known : { stamp, document: readDocument(path) }
    this.#entries.set(path, entry)
    entry.document.catch(() => {
      if (this.#entries.get(path) === entry) this.#entries.delete(path)
    })
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.maxDocuments) break
      this.#entries.delete(oldest)
    }
    return entry.document
  }
}

async function readDocument(path: string): Promise<Document> {
  const file = await readText(path)
  if ('skipped' in file) return file
  const { text, bytes, hash } = file
  return { parsed: parseMarkdown(text), bytes, hash }
}
