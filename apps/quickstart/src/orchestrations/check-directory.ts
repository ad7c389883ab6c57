/**
 * Sub-orchestration: the files of one directory, some at a time, each by an activity with retries.
 * Files with broken links get a second look after a pause: an editor or a `git checkout` may have been writing at that very moment.
 */
import { defineOrchestration, TaskFailedError, type OrchestrationContext } from '@dtfx/core'
import { checkFile } from '../activities/check-file.js'
import { uncheckedFile, type DirectoryReport, type FileReport } from '../check-report.js'

export interface CheckDirectoryInput {
  readonly root: string
  readonly top: string
  readonly directory: string
  readonly files: readonly string[]
  /** Files looked at at once. */
  readonly concurrency: number
  /** Pause before files with broken links are looked at again. */
  readonly secondLookAfterMs: number
}

/** Custom status. */
export interface DirectoryProgress {
  readonly done: number
}

export const checkDirectory = defineOrchestration('CheckDirectory', async (ctx, input: CheckDirectoryInput): Promise<DirectoryReport> => {
  const { directory, files, concurrency, secondLookAfterMs } = input
  let done = 0
  const firstLook = await ctx.map(
    files,
    async (path) => {
      const report = await checkOne(ctx, input, path)
      done++
      ctx.setCustomStatus({ done } satisfies DirectoryProgress)
      return report
    },
    { concurrency },
  )
  const doubtful = firstLook.filter((file) => file.brokenCount > 0 || file.status === 'unreadable')
  if (doubtful.length === 0) return { directory, files: firstLook }

  await ctx.createTimer(secondLookAfterMs)
  const secondLook = new Map<string, FileReport>()
  await ctx.map(doubtful, async ({ path }) => void secondLook.set(path, await checkOne(ctx, input, path)), { concurrency })
  return { directory, files: firstLook.map((file) => secondLook.get(file.path) ?? file) }
})

/** A file that cannot be read, also after its retries, is a finding, not the end of the run. */
async function checkOne(ctx: OrchestrationContext<CheckDirectoryInput>, { root, top }: CheckDirectoryInput, path: string): Promise<FileReport> {
  try {
    return await ctx.callActivity(checkFile, { root, top, path })
  } catch (error) {
    if (!(error instanceof TaskFailedError)) throw error
    return uncheckedFile(path, 'unreadable', ioProblem(error.failure.properties?.['code']) ?? error.failure.errorMessage)
  }
}

function ioProblem(code: unknown): string | undefined {
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return 'no permission to read it'
    case 'ENOENT':
      return 'it does not exist (any more)'
    case 'ELOOP':
      return 'a symbolic link that leads to itself'
    default:
      return undefined
  }
}
