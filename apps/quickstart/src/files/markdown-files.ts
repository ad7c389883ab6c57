/** Which files of a folder are looked at: Markdown by name, below folders that hold documentation rather than what tools put there. */
import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Where the report goes, and a sample is made; never looked into from above. */
export const reportFolderName = 'quickstart-report'
export const sampleFolderName = 'quickstart-sample'

const skippedFolders: ReadonlySet<string> = new Set(['node_modules', '.git', '.hg', '.svn', 'dist', 'coverage', '.turbo', '.dtfx', reportFolderName, sampleFolderName])

export function isMarkdown(path: string): boolean {
  return /\.(?:md|markdown)$/i.test(path)
}

export interface FoundFiles {
  readonly files: readonly string[]
  /** Folders that may not be listed. */
  readonly unreadable: readonly string[]
}

/**
 * Markdown files at or below `start` (a folder or a file), as paths with `/` relative to `root`, in a fixed order: folder by folder, files first.
 * Symbolic links to folders are not followed, so there are no loops and nothing is seen twice. Stops soon after `maxFiles`.
 */
export async function findMarkdown(root: string, start: string, maxFiles: number): Promise<FoundFiles> {
  if (isMarkdown(start)) return { files: [start], unreadable: [] }
  const files: string[] = []
  const unreadable: string[] = []
  const walk = async (folder: string): Promise<void> => {
    const entries = await listFolder(join(root, folder))
    if (entries === undefined) unreadable.push(folder)
    for (const { name } of entries?.filter((each) => isMarkdown(each.name) && !each.isDirectory()) ?? []) files.push(inFolder(folder, name))
    for (const { name } of entries?.filter((each) => each.isDirectory() && !skippedFolders.has(each.name)) ?? []) {
      if (files.length <= maxFiles) await walk(inFolder(folder, name))
    }
  }
  await walk(start)
  return { files, unreadable }
}

/** Entries by code unit of their names: the same order on every machine, whatever its language. Undefined without the right to list them. */
async function listFolder(path: string): Promise<Dirent[] | undefined> {
  try {
    return (await readdir(path, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EACCES' || code === 'EPERM') return undefined
    throw error
  }
}

function inFolder(folder: string, name: string): string {
  return folder === '.' ? name : `${folder}/${name}`
}
