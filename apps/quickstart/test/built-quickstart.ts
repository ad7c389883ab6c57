/** The built program as a user starts it: a process of its own. `pnpm build` comes first; `pnpm test` does that. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly ended: Promise<Ended>
  /** What it has printed so far. */
  readonly output: string
  /** Resolves when what it has printed holds this text or passes; rejects when it ends before. */
  printed(wanted: string | ((output: string) => boolean)): Promise<void>
  kill(signal?: NodeJS.Signals): void
}

/** Nobody is at its terminal, so that it asks nothing. It does not outlive the test. */
export function quickstart(cwd: string, ...args: string[]): Running {
  if (!existsSync(main)) throw new Error('the program is not built: run pnpm build')
  const { DTFX_PROVIDER: _provider, DTFX_OPTIONS: _options, FORCE_COLOR: _colour, QUICKSTART_COMMAND: _command, ...env } = process.env
  const child = spawn(process.execPath, [main, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let [stdout, stderr] = ['', '']
  const looks = new Set<() => void>()
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    for (const look of looks) look()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const ended = new Promise<Ended>((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })))
  return {
    ended,
    get output() {
      return stdout
    },
    kill: (signal = 'SIGKILL') => void child.kill(signal),
    printed: (wanted) =>
      new Promise((resolve, reject) => {
        const look = (): void => void ((typeof wanted === 'string' ? stdout.includes(wanted) : wanted(stdout)) && resolve())
        looks.add(look)
        look()
        void ended.then(() => reject(new Error(`it ended without '${String(wanted)}':\n${stdout}${stderr}`)))
      }),
  }
}
