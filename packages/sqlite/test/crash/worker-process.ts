/** Worker processes for the tests that kill them: the bundle they run, and their life. None of them outlives the test: they end when their input ends. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemClock } from '@dtfx/core/provider'
import { build } from 'esbuild'
import type { ActivityRun } from './crash-program.js'
import type { WorkerArguments } from './worker-program.js'

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** A folder with the bundle of a program, and with files of the test. */
export class WorkerBundle {
  private constructor(readonly folder: string) {}

  /** `entry`: a file of this folder. */
  static async build(entry = './worker-program.ts'): Promise<WorkerBundle> {
    const bundle = new WorkerBundle(mkdtempSync(join(tmpdir(), 'dtfx-sqlite-crash-')))
    await build({
      entryPoints: [source(entry)],
      outfile: bundle.program,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node22',
      logLevel: 'error',
      alias: {
        '@dtfx/core/provider': source('../../../core/src/provider.ts'),
        '@dtfx/core': source('../../../core/src/index.ts'),
        '@dtfx/sqlite': source('../../src/index.ts'),
      },
    })
    return bundle
  }

  get program(): string {
    return join(this.folder, 'worker.mjs')
  }

  path(name: string): string {
    return join(this.folder, name)
  }

  delete(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

export class WorkerProcess {
  readonly child: ChildProcess
  readonly exited: Promise<void>
  /** Resolves when it works. */
  readonly ready: Promise<void>
  isReady = false
  readonly #beganMs = systemClock.monotonicMs()
  #readyMs = Number.POSITIVE_INFINITY
  /** What it wrote to its error output: nothing, unless the program is wrong. */
  errors = ''

  constructor(bundle: WorkerBundle, args: WorkerArguments) {
    this.child = spawn(process.execPath, [bundle.program, JSON.stringify(args)], { stdio: ['pipe', 'pipe', 'pipe'] })
    this.child.stdin?.on('error', () => {})
    this.child.stderr?.on('data', (chunk: Buffer) => (this.errors += chunk.toString()))
    this.ready = new Promise((resolve) => this.child.stdout?.once('data', () => ((this.isReady = true), (this.#readyMs = systemClock.monotonicMs()), resolve())))
    this.exited = new Promise((resolve) => this.child.once('exit', () => resolve()))
  }

  get isAlive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  /** It has worked for as long as it took to begin: on a busy machine workers would otherwise only ever begin. */
  get hasLived(): boolean {
    return systemClock.monotonicMs() - this.#readyMs >= this.#readyMs - this.#beganMs
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
