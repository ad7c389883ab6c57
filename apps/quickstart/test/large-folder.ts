/** A folder that is large enough to stop a run in its middle, and what a run on it must come to, however often it is stopped. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TaskHubClient, type OrchestrationService } from '@dtfx/core'
import { expect } from 'vitest'
import { filesDoneBefore } from '../src/earlier-work.js'
import { runIdOf } from '../src/run-id.js'
import { sampleFiles } from '../src/write-sample.js'
import { quickstart, type Running } from './built-quickstart.js'
import { temporaryFolder } from './temporary-folder.js'

export interface LargeFolder {
  /** The folder that is checked is `docs` in it. */
  readonly root: string
  readonly files: ReadonlySet<string>
  /** With a broken link: they are checked twice. */
  readonly broken: ReadonlySet<string>
  readonly runId: string
}

export async function largeFolder(count: number): Promise<LargeFolder> {
  const broken = new Map([1, count / 2, count].map((index) => [`part-broken/b${index}.md`, `# B\n[self](#b) [gone](gone-${index}.md)`]))
  const files = new Map([...sampleFiles(count - broken.size), ...broken])
  const root = await temporaryFolder(Object.fromEntries([...files].map(([path, text]) => [`docs/${path}`, text])))
  return { root, files: new Set(files.keys()), broken: new Set(broken.keys()), runId: runIdOf({ root: join(root, 'docs'), include: ['.'] }) }
}

/** Both files of the report in a folder. */
export async function reportIn(folder: string): Promise<readonly string[]> {
  return Promise.all(['report.md', 'report.html'].map((name) => readFile(join(folder, name), 'utf8')))
}

/** The report of a run that was never stopped. */
export async function undisturbedReport({ root }: LargeFolder): Promise<readonly string[]> {
  const { code, stderr } = await quickstart(root, 'docs', '--provider', 'memory', '--report', 'undisturbed').ended
  expect([code, stderr]).toEqual([1, ''])
  return reportIn(join(root, 'undisturbed'))
}

/** The files that a process with --verbose has said it checked. */
export function checkedIn(output: string): readonly string[] {
  return [...output.matchAll(/^Checked (part-.*\.md)$/gm)].map((match) => match[1] as string)
}

/** Resolves when a process with --verbose has checked so many files. */
export function hasChecked(running: Running, count: number): Promise<void> {
  return running.printed((output) => checkedIn(output).length >= count)
}

/** What the store holds of the run, seen from another process. */
export async function filesInHistory(service: OrchestrationService, runId: string): Promise<ReadonlySet<string>> {
  try {
    return await filesDoneBefore(new TaskHubClient(service), runId)
  } finally {
    await service.close()
  }
}
