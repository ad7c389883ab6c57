/**
 * Activity: everything about one file: read, hash, parse, count words, and look up the target of every link, anchors in other files included.
 * It needs nothing but the disk and its result is small, so it may run on any worker that sees the folder, any number of times.
 */
import { join, relative, sep } from 'node:path'
import { defineActivity } from '@dtfx/core'
import { limits, uncheckedFile, type FileReport } from '../check-report.js'
import { DiskTree } from '../files/disk-tree.js'
import { DocumentIndex } from '../files/document-index.js'
import { checkLinks } from '../markdown/check-links.js'
import { ioRetry } from './io-retry.js'

export interface CheckFileInput {
  /** Absolute path of the folder that is checked. */
  readonly root: string
  /** Absolute path of the repository's top folder: what `/path` in a link is relative to, and what no link may leave. `root` or above. */
  readonly top: string
  /** The file, relative to `root`. */
  readonly path: string
}

const documents = new DocumentIndex()

export const checkFile = defineActivity(
  'CheckFile',
  async (_ctx, { root, top, path }: CheckFileInput): Promise<FileReport> => {
    const absolutePath = join(root, path)
    const document = await documents.of(absolutePath)
    if ('skipped' in document) return uncheckedFile(path, 'skipped', document.skipped, document.bytes)
    const { parsed, bytes, hash } = document
    const pathInTop = relative(top, absolutePath).split(sep).join('/')
    const { links, external, broken } = await checkLinks(parsed, pathInTop, new DiskTree(top, documents))
    return {
      path,
      status: 'checked',
      bytes,
      hash,
      words: parsed.words,
      links,
      external,
      brokenCount: broken.length,
      broken: broken.slice(0, limits.maxBrokenListed),
    }
  },
  { retry: ioRetry },
)

