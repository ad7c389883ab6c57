/**
 * The orchestration of a run: list the files, check them directory by directory in sub-orchestrations, wait for approval, write the report.
 * It holds no state but its history: killed at any moment, it goes on where it was when a worker finds it again.
 */
import { defineEvent, defineOrchestration, TaskFailedError, type OrchestrationContext } from '@dtfx/core'
import { listMarkdown, type ListResult } from '../activities/list-markdown.js'
import { writeReport, type WrittenReport } from '../activities/write-report.js'
import { filesOf, totalsOf, uncheckedFile, type DirectoryReport, type RunReport, type Totals } from '../check-report.js'
import { checkDirectory } from './check-directory.js'

export interface RunInput {
  /** Absolute path of the folder. */
  readonly root: string
  /** Absolute path of the repository it belongs to; `root` itself outside of one. */
  readonly top: string
  /** The folder as the report names it. */
  readonly title: string
  /** What of the folder is looked at, relative to it. */
  readonly include: readonly string[]
  readonly reportFolder: string
  /** Directories, and files of each, looked at at once. */
  readonly directoriesAtOnce: number
  readonly filesAtOnce: number
  readonly secondLookAfterMs: number
  /** How long the approval is waited for. */
  readonly approvalTimeoutMs: number
}

/** Custom status: what a watcher shows. `open` are the ids of the sub-orchestrations that run now; each says in its own status how far it is. */
export type RunProgress =
  | { readonly phase: 'listing' }
  | { readonly phase: 'checking'; readonly files: number; readonly done: number; readonly open: readonly string[] }
  | { readonly phase: 'approval'; readonly totals: Totals }
  | { readonly phase: 'writing' }

export type ReportOutcome =
  | { readonly kind: 'written'; readonly files: WrittenReport }
  | { readonly kind: 'denied' | 'expired' | 'nothing-to-report' }
  | { readonly kind: 'failed'; readonly problem: string }

export interface RunResult {
  readonly report: RunReport
  readonly outcome: ReportOutcome
}

/** Answers the question whether the report may be written. */
export const approve = defineEvent<{ readonly approved: boolean }>('approve')

export const checkRun = defineOrchestration('CheckRun', async (ctx, input: RunInput): Promise<RunResult> => {
  show(ctx, { phase: 'listing' })
  const listed = await ctx.callActivity(listMarkdown, { root: input.root, include: input.include })
  const directories = await checkDirectories(ctx, input, listed)
  const report: RunReport = { title: input.title, directories: [...directories, ...unreadableFolders(listed)] }
  if (report.directories.length === 0) return { report, outcome: { kind: 'nothing-to-report' } }

  show(ctx, { phase: 'approval', totals: totalsOf(filesOf(report)) })
  const answer = await ctx.waitForExternalEvent(approve, { timeout: input.approvalTimeoutMs, onTimeout: 'undefined' })
  if (answer === undefined) return { report, outcome: { kind: 'expired' } }
  if (!answer.approved) return { report, outcome: { kind: 'denied' } }

  show(ctx, { phase: 'writing' })
  return { report, outcome: await write(ctx, input, report) }
})

async function checkDirectories(ctx: OrchestrationContext<RunInput>, input: RunInput, listed: ListResult): Promise<DirectoryReport[]> {
  const files = listed.directories.reduce((sum, each) => sum + each.files.length, 0)
  const open = new Set<string>()
  let done = 0
  return ctx.map(
    listed.directories,
    async (directory, index) => {
      // An id of our own instead of a derived one, so that the watcher can follow it.
      const instanceId = `${ctx.instanceId}:${index}`
      open.add(instanceId)
      show(ctx, { phase: 'checking', files, done, open: [...open] })
      const { root, top, filesAtOnce, secondLookAfterMs } = input
      const report = await ctx.callSubOrchestration(checkDirectory, { root, top, ...directory, concurrency: filesAtOnce, secondLookAfterMs }, { instanceId })
      open.delete(instanceId)
      done += directory.files.length
      show(ctx, { phase: 'checking', files, done, open: [...open] })
      return report
    },
    { concurrency: input.directoriesAtOnce },
  )
}

function unreadableFolders(listed: ListResult): DirectoryReport[] {
  return listed.unreadable.map((folder) => ({ directory: folder, files: [uncheckedFile(`${folder}/`, 'unreadable', 'no permission to list it')] }))
}

async function write(ctx: OrchestrationContext<RunInput>, { root, reportFolder }: RunInput, report: RunReport): Promise<ReportOutcome> {
  try {
    return { kind: 'written', files: await ctx.callActivity(writeReport, { root, reportFolder, report }) }
  } catch (error) {
    if (!(error instanceof TaskFailedError)) throw error
    return { kind: 'failed', problem: error.failure.errorMessage }
  }
}

function show(ctx: OrchestrationContext<RunInput>, progress: RunProgress): void {
  ctx.setCustomStatus(progress)
}
