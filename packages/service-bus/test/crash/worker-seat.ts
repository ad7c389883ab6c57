/** One place for a worker process: after its death the next one. None of them outlives the test: they end when their input ends. */
import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { sleep, systemClock, type Random } from '@dtfx/core/provider'
import { build } from 'esbuild'
import type { WorkerArguments } from './worker-program.js'

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** A program as one file: processes start faster. */
export async function buildWorker(outfile: string, program = source('./worker-program.ts')): Promise<void> {
  await build({
    entryPoints: [program],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    logLevel: 'error',
    banner: { js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);" },
    alias: {
      '@dtfx/core/provider': source('../../../core/src/provider.ts'),
      '@dtfx/core': source('../../../core/src/index.ts'),
      '@dtfx/azure-common': source('../../../azure-common/src/index.ts'),
      '@dtfx/service-bus': source('../../src/index.ts'),
    },
  })
}

export interface SeatOptions {
  readonly program: string
  readonly args: WorkerArguments
  readonly random: Random
  /** Longer than the lock of a session. */
  readonly pauseMs: number
}

export class WorkerSeat {
  readonly problems: string[] = []
  kills = 0
  pauses = 0
  #child: ChildProcess
  #errors = ''

  constructor(readonly options: SeatOptions) {
    this.#child = this.#start()
  }

  /** Until `endMs`; then its process runs. */
  async chaos(endMs: number): Promise<void> {
    const { random, pauseMs } = this.options
    const restMs = (): number => endMs - systemClock.monotonicMs()
    while (restMs() > 0) {
      await sleep(systemClock, Math.min(restMs(), 1_500 + random.next() * 5_000))
      if (this.#child.exitCode !== null) this.problems.push(`a worker ended by itself: ${this.#errors}`)
      if (random.next() < 0.25) {
        this.pauses++
        this.#child.kill('SIGSTOP')
        await sleep(systemClock, pauseMs)
        this.#child.kill('SIGCONT')
      } else {
        this.kills++
        await this.end()
        this.#child = this.#start()
      }
    }
  }

  /** Kills it. Resolves when it is gone. */
  async end(): Promise<void> {
    const child = this.#child
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    child.kill('SIGKILL')
    await gone
  }

  #start(): ChildProcess {
    const child = spawn(process.execPath, [this.options.program, JSON.stringify(this.options.args)], { stdio: ['pipe', 'ignore', 'pipe'] })
    child.stdin?.on('error', () => {})
    child.stderr?.on('data', (chunk: Buffer) => (this.#errors += chunk.toString()))
    return child
  }
}
