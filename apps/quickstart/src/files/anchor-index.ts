/**
 * Anchors of Markdown files that links lead to, remembered for as long as the file stays the same, so that a page many others link to is parsed once.
 * Only a cache: a worker that starts anew has an empty one and finds the same. Bounded: the file asked for longest ago leaves first.
 */
import { stat } from 'node:fs/promises'
import { parseMarkdown } from '../markdown/parse-markdown.js'
import { readText } from './read-text.js'

interface Entry {
  /** Size and time of change: when it differs, the file is read again. */
  readonly stamp: string
  readonly anchors: Promise<ReadonlySet<string> | undefined>
}

export class AnchorIndex {
  readonly #entries = new Map<string, Entry>()

  constructor(readonly maxFiles = 2_000) {}

  /** Undefined when the file holds no text. */
  async of(path: string): Promise<ReadonlySet<string> | undefined> {
    const { size, mtimeMs } = await stat(path)
    const stamp = `${size}:${mtimeMs}`
    const known = this.#entries.get(path)
    this.#entries.delete(path)
    const entry = known?.stamp === stamp ? known : { stamp, anchors: readAnchors(path) }
    this.#entries.set(path, entry)
    entry.anchors.catch(() => {
      if (this.#entries.get(path) === entry) this.#entries.delete(path)
    })
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.maxFiles) break
      this.#entries.delete(oldest)
    }
    return entry.anchors
  }
}

async function readAnchors(path: string): Promise<ReadonlySet<string> | undefined> {
  const file = await readText(path)
  return 'text' in file ? parseMarkdown(file.text).anchors : undefined
}
