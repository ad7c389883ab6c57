/** From the folder the user named to what is scanned: absolute paths without symbolic links, the repository around it, and the parts of it that count. */
import { access, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UserError } from './user-error.js'

export interface ScanTarget {
  readonly root: string
  readonly top: string
  readonly title: string
  readonly include: readonly string[]
}

/** Of this program's own repository: `src` and `dist` are both three folders below it. */
const ownRepository = fileURLToPath(new URL('../../..', import.meta.url))

/** Without a folder: README and docs of this repository. @throws UserError for what cannot be scanned */
export async function scanTarget(folder: string | undefined, workingDirectory: string): Promise<ScanTarget> {
  if (folder === undefined) {
    const root = await realpath(ownRepository)
    return { root, top: root, title: 'README.md and docs', include: await existing(root, ['README.md', 'docs']) }
  }
  const path = resolve(workingDirectory, folder)
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') throw new UserError(`There is no folder '${folder}' (looked for ${path}).`)
    throw new UserError(`The folder '${folder}' cannot be read: ${error.message}`)
  })
  if (!found.isDirectory()) {
    throw new UserError(`'${folder}' is a file; give a folder, for instance '${relative(workingDirectory, dirname(path)) || '.'}'.`)
  }
  const root = await realpath(path)
  return { root, top: await repositoryOf(root), title: basename(root) || root, include: ['.'] }
}

async function existing(root: string, names: readonly string[]): Promise<string[]> {
  const found = await Promise.all(names.map((name) => exists(join(root, name))))
  return names.filter((_, index) => found[index])
}

/** The folder with `.git` (a file in worktrees) at or above `root`; `root` when there is none. */
async function repositoryOf(root: string): Promise<string> {
  for (let folder = root; ; folder = dirname(folder)) {
    if (await exists(join(folder, '.git'))) return folder
    if (dirname(folder) === folder) return root
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
