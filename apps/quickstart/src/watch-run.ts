/**
 * Follows a run from outside, as any other process could: by its state and the states of its sub-orchestrations. Shows how far it is, and answers its question.
 * Invariant: nothing is passed between the watcher and the run except through the store.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { OrchestrationHandle, TaskHubClient } from '@dtfx/core'
import type { Approver } from './approval.js'
import type { DirectoryProgress } from './orchestrations/check-directory.js'
import { approve, type RunInput, type RunProgress, type RunResult } from './orchestrations/check-run.js'
import type { ProgressView, Snapshot } from './progress-view.js'
import { extent, verdict } from './report/wording.js'
import { StandstillWatch } from './standstill-watch.js'

export interface Watch {
  readonly client: TaskHubClient
  readonly run: OrchestrationHandle<RunResult, RunInput>
  readonly view: ProgressView
  readonly approver: Approver
  readonly reportFolder: string
  /** The person wants to leave; the run stays where it is. */
  readonly interrupted: AbortSignal
  /** Where no worker runs in this process: what is said when nothing happens, and when to give up. */
  readonly standstill?: { readonly text: string; readonly giveUpAfterMs: number | undefined } | undefined
}

export type WatchEnd = 'ended' | 'interrupted' | 'given-up'

/** Where the run is; `executionId` tells its sub-orchestrations from those of an earlier run. */
interface Sight {
  readonly executionId: string
  /** Undefined before the first turn. */
  readonly progress: RunProgress | undefined
}

/** Often while something moves, seldom while nothing does. */
const shortestPauseMs = 50
const longestPauseMs = 1_000

/** Resolves when the run has ended, or before that when the person left, or when nothing happened for too long. */
export async function watchRun(watch: Watch): Promise<WatchEnd> {
  const standstill = new StandstillWatch({ ...watch.standstill, say: (text) => watch.view.note(text) })
  let shown = ''
  let pauseMs = shortestPauseMs
  let isAsked = false
  try {
    while (!watch.interrupted.aborted) {
      const sight = await look(watch)
      if (sight === 'ended') return 'ended'
      const snapshot = await snapshotOf(watch.client, sight)
      if (snapshot !== undefined) watch.view.update(snapshot)
      // Once only: until a worker takes the answer in, the state still says that it is waited for.
      if (sight.progress?.phase === 'approval' && !isAsked) {
        isAsked = true
        if ((await askAndAnswer(watch, sight.progress)) === 'interrupted') return 'interrupted'
        standstill.moved()
      }
      const seen = JSON.stringify([sight, snapshot])
      if (seen !== shown) standstill.moved()
      else if (standstill.isTooLong()) return 'given-up'
      pauseMs = seen === shown ? Math.min(longestPauseMs, pauseMs * 1.5) : shortestPauseMs
      shown = seen
      await pause(pauseMs, undefined, { signal: watch.interrupted }).catch(() => {})
    }
    return 'interrupted'
  } finally {
    watch.view.stop()
  }
}

async function look({ run }: Watch): Promise<Sight | 'ended'> {
  const state = await run.state({ payloads: false })
  if (state === undefined || state.isFinal) return 'ended'
  return { executionId: state.executionId, progress: state.customStatus as RunProgress | undefined }
}

/** Undefined while there is nothing to count. */
async function snapshotOf(client: TaskHubClient, { executionId, progress }: Sight): Promise<Snapshot | undefined> {
  if (progress?.phase === 'approval') return { done: progress.totals.files, files: progress.totals.files }
  if (progress?.phase !== 'checking') return undefined
  const children = await Promise.all(progress.open.map((id) => client.state(id, { payloads: false })))
  const inChildren = children.map((child) => (child?.parent?.executionId === executionId ? ((child.customStatus as DirectoryProgress | undefined)?.done ?? 0) : 0))
  return { done: Math.min(progress.files, inChildren.reduce((sum, each) => sum + each, progress.done)), files: progress.files }
}

/** Asks until there is an answer, and takes the question back when the run no longer waits for one. */
async function askAndAnswer(watch: Watch, { totals }: Extract<RunProgress, { phase: 'approval' }>): Promise<'answered' | 'withdrawn' | 'interrupted'> {
  const withdrawn = new AbortController()
  let isOpen = true
  watch.view.stop()
  const answering = watch.approver(`${verdict(totals)} in ${extent(totals)}`, `Write the report to ${watch.reportFolder}?`, withdrawn.signal).finally(() => (isOpen = false))
  while (isOpen) {
    await Promise.race([answering, pause(longestPauseMs, undefined, { ref: false })])
    if (!isOpen) break
    const sight = await look(watch)
    if (sight === 'ended' || sight.progress?.phase !== 'approval' || watch.interrupted.aborted) withdrawn.abort()
  }
  const approved = await answering
  if (approved === undefined) return withdrawn.signal.aborted ? 'withdrawn' : 'interrupted'
  await watch.run.raiseEvent(approve, { approved })
  return 'answered'
}
