/** The worker of this program: everything it knows how to do, word of what it did, and the switch that kills it on purpose. */
import { writeSync } from 'node:fs'
import { TaskHubWorker, type ActivityMiddleware, type OrchestrationService } from '@dtfx/core'
import { checkFile, type CheckFileInput } from './activities/check-file.js'
import { listMarkdown } from './activities/list-markdown.js'
import { writeReport } from './activities/write-report.js'
import { checkDirectory } from './orchestrations/check-directory.js'
import { checkRun } from './orchestrations/check-run.js'
import { plural } from './report/wording.js'

export interface WorkerWishes {
  /** Called when a file was checked here, with its path and how many were. */
  readonly onCheck?: ((path: string, count: number) => void) | undefined
  /** Checks after which this process is killed. */
  readonly killAfter?: number | undefined
}

export function quickstartWorker(service: OrchestrationService, { onCheck, killAfter }: WorkerWishes): TaskHubWorker {
  let checks = 0
  const watchChecks: ActivityMiddleware = async ({ name, event }, next) => {
    const outcome = await next()
    if (name !== checkFile.name) return outcome
    checks++
    onCheck?.(pathIn(event.input), checks)
    if (checks === killAfter) killThisProcess(checks)
    return outcome
  }
  return new TaskHubWorker(service, {
    orchestrations: [checkRun, checkDirectory],
    activities: [listMarkdown, checkFile, writeReport],
    middleware: { activity: [watchChecks] },
  })
}

/** Inputs of activities travel in an array. */
function pathIn(input: string | undefined): string {
  const [{ path }] = JSON.parse(input ?? '[{}]') as [CheckFileInput]
  return path
}

/** As any kill -9 does: nothing is finished, flushed or given back. */
function killThisProcess(checks: number): void {
  writeSync(1, `Killing this process (SIGKILL) after ${plural(checks, 'check')}, as --kill-after says.\n`)
  process.kill(process.pid, 'SIGKILL')
}
