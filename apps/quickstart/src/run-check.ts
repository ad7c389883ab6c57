/** One run from end to end: opens the store, starts a worker unless others do the work, starts (or finds) the orchestration, watches it, and shows what came out of it. */
import { DurableError, TaskHubClient, type OrchestrationHandle, type OrchestrationService } from '@dtfx/core'
import { approveAtOnce, askOn } from './approval.js'
import type { RunArguments } from './arguments.js'
import { filesOf, isClean, totalsOf } from './check-report.js'
import type { CommandLine } from './command-line.js'
import { filesDoneBefore } from './earlier-work.js'
import { onInterruption } from './interruption.js'
import { placeOf } from './open-service.js'
import { withStore } from './open-store.js'
import { checkRun, type RunInput, type RunResult } from './orchestrations/check-run.js'
import { barView, lineView } from './progress-view.js'
import { quickstartWorker } from './quickstart-worker.js'
import { renderResult } from './report/result.js'
import { renderTimeline } from './report/timeline.js'
import { count, plural } from './report/wording.js'
import { runIdOf } from './run-id.js'
import { scanTarget, type ScanTarget } from './scan-target.js'
import type { Screen } from './screen.js'
import { UserError } from './user-error.js'
import { watchRun, type WatchEnd } from './watch-run.js'

export const exitCodes = { clean: 0, brokenLinks: 1, failed: 2, interrupted: 130 } as const

const approvalTimeoutMs = 10 * 60_000
const secondLookAfterMs = 250
const directoriesAtOnce = 4

interface Check {
  readonly given: RunArguments
  readonly target: ScanTarget
  readonly screen: Screen
  readonly commands: CommandLine
  readonly startedMs: number
  /** Paths of the files that were checked in this process. */
  readonly checkedHere: Set<string>
}

interface Run {
  readonly handle: OrchestrationHandle<RunResult, RunInput>
  /** What it was started with, perhaps by an earlier process with other arguments. */
  readonly input: Pick<RunInput, 'reportFolder'>
  /** Undefined: it was started just now. */
  readonly filesDone: number | undefined
}

/** The exit code of the process. @throws UserError, DurableError */
export async function runCheck(given: RunArguments, surroundings: { readonly workingDirectory: string; readonly screen: Screen; readonly commands: CommandLine }): Promise<number> {
  const { workingDirectory, screen, commands } = surroundings
  const startedMs = performance.now()
  const target = await scanTarget(given.folder, workingDirectory)
  return withStore(given, (line) => screen.write(screen.paint.dim(line)), (service) => checkOn(service, { given, target, screen, commands, startedMs, checkedHere: new Set() }))
}

async function checkOn(service: OrchestrationService, check: Check): Promise<number> {
  const { given, screen, commands } = check
  if (given.command === 'start' && service.name === 'memory') throw new UserError('What is in the memory of this process is seen by no worker in another one: leave --provider memory out.')
  const worker = given.command === 'run' ? quickstartWorker(service, { killAfter: given.killAfter, onCheck: (path) => noteCheck(path, check) }) : undefined
  try {
    const client = new TaskHubClient(service)
    // It ends the run that makes room.
    if (given.fresh) await worker?.start()
    const run = await startOrContinue(client, check)
    introduce(service, run, check)
    if (!given.fresh) await worker?.start()
    using interruption = onInterruption()
    const end = await watch(client, run, check, interruption.signal)
    if (end === 'ended') return await show(run, check)
    if (end === 'given-up') throw new UserError(`Nothing happened for ${(given.waitMs ?? 0) / 1_000} s. The run is stored; a worker takes it up: ${commands.worker}`)
    await worker?.stop()
    screen.write(leftText(service, commands))
    return exitCodes.interrupted
  } finally {
    await worker?.stop()
  }
}

function noteCheck(path: string, { given, screen, checkedHere }: Check): void {
  checkedHere.add(path)
  if (given.verbose) screen.write(`Checked ${path}`)
}

function introduce(service: OrchestrationService, { handle, input, filesDone }: Run, { given, target, screen, commands }: Check): void {
  const { dim } = screen.paint
  screen.write(`${dim(`Run ${handle.instanceId} on ${service.name}, process ${process.pid}:`)} ${target.title} ${dim(`(${target.root})`)}`)
  const place = placeOf(service)
  if (service.name !== 'memory') screen.write(dim(`Stored${place === undefined ? '' : ` in ${place}`}. Stopped or killed at any moment, it goes on with: ${commands.again}`))
  if (filesDone === undefined) return
  // On Service Bus the histories that clients see are a little behind.
  const atLeast = service.capabilities.commit === 'state-first-outbox' ? 'at least ' : ''
  const done = `${atLeast}${plural(filesDone, 'file')} in its history, not checked again.`
  screen.write(given.command === 'run' ? `Going on where it stopped: ${done}${dim(' (--fresh starts anew)')}` : `It has been started before: ${done}`)
  if (input.reportFolder !== given.reportFolder) screen.write(`It was started with --report ${input.reportFolder}, where its report goes.`)
}

function inputOf(given: RunArguments, { root, top, title, include }: ScanTarget): RunInput {
  const { reportFolder, filesAtOnce } = given
  return { root, top, title, include, reportFolder, directoriesAtOnce, filesAtOnce, secondLookAfterMs, approvalTimeoutMs }
}

/** A finished run of the same id makes room; one that is not finished is taken up. */
async function startOrContinue(client: TaskHubClient, { given, target }: Check): Promise<Run> {
  const instanceId = given.id ?? runIdOf(target)
  const input = inputOf(given, target)
  try {
    const handle = await client.start(checkRun, input, { instanceId, reuse: given.fresh ? 'replace' : 'replaceFinished' })
    return { handle, input, filesDone: undefined }
  } catch (error) {
    if (!DurableError.is(error, 'DTFX_INSTANCE_EXISTS')) throw error
  }
  const handle = client.get(checkRun, instanceId)
  const existing = (await handle.state())?.input
  if (existing === undefined || existing.root !== input.root || existing.include.join() !== input.include.join()) {
    throw new UserError(`Run '${instanceId}' has not ended and checks something else (${existing?.root ?? 'unknown'}). Give another --id.`)
  }
  return { handle, input: existing, filesDone: (await filesDoneBefore(client, instanceId)).size }
}

function watch(client: TaskHubClient, { handle, input }: Run, { given, screen, commands }: Check, interrupted: AbortSignal): Promise<WatchEnd> {
  const waiting = `Nothing happens: is there a worker? In another terminal: ${commands.worker}\nWaiting${given.waitMs === undefined ? '' : ' for a while'}; Ctrl+C leaves the run stored.`
  return watchRun({
    client,
    run: handle,
    view: screen.out.isTTY && !given.verbose ? barView(screen.out, screen.paint) : lineView(screen.write),
    approver: given.yes || !screen.isInteractive ? approveAtOnce : askOn(screen.input, screen.out),
    reportFolder: input.reportFolder,
    interrupted,
    standstill: given.command === 'start' ? { text: waiting, giveUpAfterMs: given.waitMs } : undefined,
  })
}

async function show({ handle, filesDone }: Run, { given, screen, startedMs, checkedHere }: Check): Promise<number> {
  const { report, outcome } = await handle.result()
  if (outcome.kind === 'nothing-to-report') throw new UserError(`There are no Markdown files (.md, .markdown) in ${report.title}.`)
  if (given.timeline) screen.write(`\n${screen.paint.strong('History of the run')}\n${renderTimeline((await handle.history()).events, screen.paint, screen.columns)}`)
  const files = filesOf(report)
  if (filesDone !== undefined && given.command === 'run') screen.write(`\nOf ${plural(files.length, 'file')}, ${count(checkedHere.size)} were checked by this process; ${count(files.length - checkedHere.size)} had been before, and were not checked again.`)
  screen.write(renderResult({ report, outcome, tookMs: performance.now() - startedMs }, screen.paint))
  if (!isClean(totalsOf(files))) return exitCodes.brokenLinks
  return outcome.kind === 'failed' ? exitCodes.failed : exitCodes.clean
}

function leftText(service: OrchestrationService, commands: CommandLine): string {
  if (service.name === 'memory') return 'Interrupted. The run was in the memory of this process and is gone; without --provider memory it would be kept.'
  return `Interrupted. The run is stored; it goes on with: ${commands.again}`
}
