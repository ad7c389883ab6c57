/** Worker processes for the tests that kill them: the bundle they run, and their life. None of them outlives the test: they end when their input ends. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { ActivityRun } from '../faults/scenario.js'
import type { WorkerArguments } from './worker-program.js'

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** A folder with the bundle of the program, and with the logs. */
export class WorkerBundle {
  private constructor(readonly folder: string) {}

  static async build(): Promise<WorkerBundle> {
    const bundle = new WorkerBundle(mkdtempSync(join(tmpdir(), 'dtfx-crash-')))
    await build({
      entryPoints: [source('./worker-program.ts')],
      outfile: bundle.program,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node22',
      logLevel: 'error',
      banner: { js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);" },
      alias: {
        '@dtfx/core/provider': source('../../../core/src/provider.ts'),
        '@dtfx/core': source('../../../core/src/index.ts'),
        '@dtfx/azure-storage': source('../../src/index.ts'),
      },
    })
    return bundle
  }

  get program(): string {
    return join(this.folder, 'worker.mjs')
  }

  logOf(name: string): string {
    return join(this.folder, `${name}.log`)
  }

  delete(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

export class WorkerProcess {
  readonly child: ChildProcess
  readonly exited: Promise<void>
  /** What it wrote to its error output: nothing, unless the program is wrong. */
  errors = ''

  constructor(bundle: WorkerBundle, args: WorkerArguments) {
    this.child = spawn(process.execPath, ['--enable-source-maps', bundle.program, JSON.stringify(args)], { stdio: ['pipe', 'ignore', 'pipe'] })
    this.child.stdin?.on('error', () => {})
    this.child.stderr?.on('data', (chunk: Buffer) => (this.errors += chunk.toString()))
    this.exited = new Promise((resolve) => this.child.once('exit', () => resolve()))
  }

  get isAlive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  /** Resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.isAlive) this.child.kill('SIGKILL')
    await this.exited
  }

  stop(): void {
    this.child.kill('SIGSTOP')
  }

  goOn(): void {
    this.child.kill('SIGCONT')
  }
}

/** Runs of activities in all processes. */
export function readRuns(path: string): ActivityRun[] {
  let text = ''
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    // Nothing ran.
  }
  return text.split('\n').filter(Boolean).map((line) => JSON.parse(line) as ActivityRun)
}
