/**
 * The {@link FileTree} of a folder on disk, for the links of one file: what it reads of folders it remembers, so it is made anew for each file.
 * Names are compared with the entries of each folder, never by opening a path: on Windows and macOS `readme.md` opens `README.md`, on GitHub it does not.
 */
import type { Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { FileTree } from '../markdown/check-links.js'
import type { DocumentIndex } from './document-index.js'
import { isMarkdown } from './markdown-files.js'

type Found = Awaited<ReturnType<FileTree['find']>>

export class DiskTree implements FileTree {
  readonly #entries = new Map<string, Promise<readonly Dirent[]>>()

  constructor(
    readonly top: string,
    readonly documents: DocumentIndex,
  ) {}

  async find(path: string): Promise<Found> {
    let folder = this.top
    const names = path === '.' ? [] : path.split('/')
    for (const [index, name] of names.entries()) {
      const entries = await this.#list(folder)
      const entry = entries.find((each) => same(each.name, name))
      if (entry === undefined) {
        const similar = entries.find((each) => same(each.name.toLowerCase(), name.toLowerCase()))
        return { type: 'missing', similar: similar && [...names.slice(0, index), similar.name].join('/') }
      }
      folder = join(folder, entry.name)
      if (index === names.length - 1) return typeOf(entry, folder)
    }
    return { type: 'directory' }
  }

  async anchorsOf(path: string): Promise<ReadonlySet<string> | undefined> {
    if (!isMarkdown(path) || (await this.find(path)).type !== 'file') return undefined
    const document = await this.documents.of(join(this.top, path))
    return 'parsed' in document ? document.parsed.anchors : undefined
  }

  /** Empty for what is no folder: nothing is found in it. */
  #list(folder: string): Promise<readonly Dirent[]> {
    let entries = this.#entries.get(folder)
    if (entries === undefined) {
      entries = readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'ELOOP') return []
        throw error
      })
      this.#entries.set(folder, entries)
    }
    return entries
  }
}

/** macOS may store a name decomposed (`e` and an accent) that the text writes as one character. */
function same(a: string, b: string): boolean {
  return a === b || a.normalize('NFC') === b.normalize('NFC')
}

async function typeOf(entry: Dirent, path: string): Promise<Found> {
  if (!entry.isSymbolicLink()) return { type: entry.isDirectory() ? 'directory' : 'file' }
  try {
    return { type: (await stat(path)).isDirectory() ? 'directory' : 'file' }
  } catch {
    return { type: 'missing' }
  }
}
