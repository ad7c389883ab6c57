/** One run from end to end: opens the store, starts a worker, starts (or finds) the orchestration, watches it, and shows what came out of it. */
import { DurableError, TaskHubClient, TaskHubWorker, type OrchestrationHandle, type OrchestrationService } from '@dtfx/core'
import { checkFile } from './activities/check-file.js'
import { listMarkdown } from './activities/list-markdown.js'
import { writeReport } from './activities/write-report.js'
import { approveAtOnce, askOn } from './approval.js'
import type { Arguments } from './arguments.js'
import { filesOf, isClean, totalsOf } from './check-report.js'
import { checksDoneBefore } from './earlier-work.js'
import { provideBus } from './emulator/provide-bus.js'
import { provideEmulator } from './emulator/provide-emulator.js'
import { openService } from './open-service.js'
import { checkDirectory } from './orchestrations/check-directory.js'
import { checkRun, type RunInput, type RunResult } from './orchestrations/check-run.js'
import { barView, lineView } from './progress-view.js'
import { renderResult } from './report/result.js'
import { renderTimeline } from './report/timeline.js'
import { plural } from './report/wording.js'
import { scanTarget, type ScanTarget } from './scan-target.js'
import type { Screen } from './screen.js'
import { UserError } from './user-error.js'
import { watchRun } from './watch-run.js'

export const exitCodes = { clean: 0, brokenLinks: 1, failed: 2, interrupted: 130 } as const

const approvalTimeoutMs = 10 * 60_000
const secondLookAfterMs = 250
const directoriesAtOnce = 4

type Run = OrchestrationHandle<RunResult, RunInput>

/** The exit code of the process. @throws UserError, DurableError */
export async function runCheck(given: Arguments, workingDirectory: string, screen: Screen): Promise<number> {
  const startedMs = performance.now()
  const target = await scanTarget(given.folder, workingDirectory)
  const say = (line: string): void => screen.write(screen.paint.dim(line))
  const bus = await provideBus(given, say)
  try {
    return await runWith({ ...given, providerOptions: bus?.options ?? given.providerOptions }, target, { screen, startedMs, say })
  } finally {
    await bus?.stop()
  }
}

async function runWith(given: Arguments, target: ScanTarget, { screen, startedMs, say }: { screen: Screen; startedMs: number; say: (line: string) => void }): Promise<number> {
  const service = await openService(given)
  const emulator = await provideEmulator(service, given.emulatorFolder, say)
  try {
    return await runOn(service, { given, target, screen, startedMs })
  } finally {
    await service.close()
    await emulator?.stop()
  }
}

interface Check {
  readonly given: Arguments
  readonly target: ScanTarget
  readonly screen: Screen
  readonly startedMs: number
}

async function runOn(service: OrchestrationService, { given, target, screen, startedMs }: Check): Promise<number> {
  const worker = new TaskHubWorker(service, { orchestrations: [checkRun, checkDirectory], activities: [listMarkdown, checkFile, writeReport] })
  try {
    const client = new TaskHubClient(service)
    const { run, checksDone } = await startOrContinue(client, inputOf(given, target), given.id)
    screen.write(`${screen.paint.dim(`Run ${run.instanceId} on ${service.name}:`)} ${target.title} ${screen.paint.dim(`(${target.root})`)}`)
    if (checksDone !== undefined) screen.write(`Going on where it stopped: ${plural(checksDone, 'check')} in its history, not repeated.`)
    await worker.start()
    if ((await watch(given, screen, { client, run })) === 'interrupted') {
      screen.write(leftText(service, run))
      return exitCodes.interrupted
    }
    return await show(run, given, { screen, startedMs })
  } finally {
    await worker.stop()
  }
}

function inputOf(given: Arguments, { root, top, title, include }: ScanTarget): RunInput {
  const { reportFolder, filesAtOnce } = given
  return { root, top, title, include, reportFolder, directoriesAtOnce, filesAtOnce, secondLookAfterMs, approvalTimeoutMs }
}

/** A finished run of the same id makes room; one that is not finished is taken up: `checksDone` says what is there already. */
async function startOrContinue(client: TaskHubClient, input: RunInput, instanceId: string | undefined): Promise<{ run: Run; checksDone?: number }> {
  try {
    const run = await client.start(checkRun, input, { instanceId, reuse: 'replaceFinished' })
    return { run }
  } catch (error) {
    if (!DurableError.is(error, 'DTFX_INSTANCE_EXISTS') || instanceId === undefined) throw error
  }
  const run = client.get(checkRun, instanceId)
  const existing = (await run.state())?.input
  if (existing === undefined || existing.root !== input.root) {
    throw new UserError(`Run '${instanceId}' is not finished and checks another folder (${existing?.root ?? 'unknown'}). Give another --id.`)
  }
  return { run, checksDone: await checksDoneBefore(client, instanceId) }
}

async function watch({ yes, reportFolder }: Arguments, screen: Screen, { client, run }: { client: TaskHubClient; run: Run }): Promise<'ended' | 'interrupted'> {
  const interrupted = new AbortController()
  const interrupt = (): void => interrupted.abort()
  process.once('SIGINT', interrupt)
  try {
    return await watchRun({
      client,
      run,
      view: screen.out.isTTY ? barView(screen.out, screen.paint) : lineView(screen.write),
      approver: yes || !screen.isInteractive ? approveAtOnce : askOn(screen.input, screen.out),
      reportFolder,
      interrupted: interrupted.signal,
    })
  } finally {
    process.removeListener('SIGINT', interrupt)
  }
}

async function show(run: Run, { timeline }: Arguments, { screen, startedMs }: { screen: Screen; startedMs: number }): Promise<number> {
  const { report, outcome } = await run.result()
  if (outcome.kind === 'nothing-to-report') throw new UserError(`There are no Markdown files (.md, .markdown) in ${report.title}.`)
  if (timeline) screen.write(`\n${screen.paint.strong('History of the run')}\n${renderTimeline((await run.history()).events, screen.paint, screen.columns)}`)
  screen.write(renderResult({ report, outcome, tookMs: performance.now() - startedMs }, screen.paint))
  if (!isClean(totalsOf(filesOf(report)))) return exitCodes.brokenLinks
  return outcome.kind === 'failed' ? exitCodes.failed : exitCodes.clean
}

function leftText(service: OrchestrationService, run: Run): string {
  if (service.name === 'memory') return 'Interrupted. The run was in the memory of this process and is gone; a durable provider would keep it (--provider azure-storage).'
  return `Interrupted. The run is stored: go on with --id ${run.instanceId}.`
}
