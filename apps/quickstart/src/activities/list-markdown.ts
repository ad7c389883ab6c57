/** Activity: the Markdown files of the folder, grouped by directory. */
import { posix } from 'node:path'
import { defineActivity, NonRetryableError } from '@dtfx/core'
import { limits } from '../check-report.js'
import { findMarkdown } from '../files/markdown-files.js'
import { ioRetry } from './io-retry.js'

export interface ListInput {
  /** Absolute path of the folder. */
  readonly root: string
  /** What of it is looked at, relative to it: `['.']` for everything. */
  readonly include: readonly string[]
}

export interface ListResult {
  readonly directories: readonly { readonly directory: string; readonly files: readonly string[] }[]
  /** Folders that may not be listed. */
  readonly unreadable: readonly string[]
}

export const listMarkdown = defineActivity(
  'ListMarkdown',
  async (_ctx, { root, include }: ListInput): Promise<ListResult> => {
    const byDirectory = new Map<string, string[]>()
    const unreadable: string[] = []
    let count = 0
    for (const start of include) {
      const found = await findMarkdown(root, start, limits.maxFiles)
      unreadable.push(...found.unreadable)
      count += found.files.length
      if (count > limits.maxFiles) throw new NonRetryableError(`There are more than ${limits.maxFiles} Markdown files: check the folders below it one by one.`)
      for (const file of found.files) {
        const directory = posix.dirname(file)
        const files = byDirectory.get(directory)
        if (files === undefined) byDirectory.set(directory, [file])
        else files.push(file)
      }
    }
    return { directories: [...byDirectory].map(([directory, files]) => ({ directory, files })), unreadable }
  },
  { retry: ioRetry },
)
