/** The built command as a process of its own, in a project folder that has the packages installed. `pnpm build` comes first. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))
const packages = fileURLToPath(new URL('../..', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  /** Resolves when it has printed this; rejects when it ends without. */
  printed(text: string): Promise<void>
}

export class Project {
  constructor(
    readonly path: string,
    readonly env: Readonly<Record<string, string>> = {},
  ) {}

  /** `installed`: packages of this repository, by folder. */
  static async create(files: Readonly<Record<string, string>>, installed: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<Project> {
    const path = await realpath(await mkdtemp(join(tmpdir(), 'dtfx-cli-')))
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(path, name)), { recursive: true })
      await writeFile(join(path, name), text)
    }
    await mkdir(join(path, 'node_modules/@dtfx'), { recursive: true })
    for (const name of installed) await symlink(join(packages, name), join(path, 'node_modules/@dtfx', name))
    return new Project(path, env)
  }

  start(...args: string[]): Running {
    const { DTFX_PROVIDER: _provider, DTFX_OPTIONS: _options, FORCE_COLOR: _colour, NODE_OPTIONS: _node, ...env } = process.env
    const child = spawn(process.execPath, [main, ...args], { cwd: this.path, env: { ...env, ...this.env }, stdio: ['ignore', 'pipe', 'pipe'] })
    let [stdout, stderr] = ['', '']
    const looks = new Set<() => void>()
    const collect = (stream: NodeJS.ReadableStream, add: (text: string) => void): void =>
      void stream.setEncoding('utf8').on('data', (text: string) => {
        add(text)
        for (const look of looks) look()
      })
    collect(child.stdout, (text) => (stdout += text))
    collect(child.stderr, (text) => (stderr += text))
    const ended = new Promise<Ended>((resolve) => child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr })))
    return {
      child,
      ended,
      printed: (text) =>
        new Promise((resolve, reject) => {
          const look = (): void => void ((stdout.includes(text) || stderr.includes(text)) && resolve())
          looks.add(look)
          look()
          void ended.then(() => reject(new Error(`it ended without '${text}':\n${stdout}${stderr}`)))
        }),
    }
  }

  run(...args: string[]): Promise<Ended> {
    return this.start(...args).ended
  }

  remove(): Promise<void> {
    return rm(this.path, { recursive: true, force: true })
  }
}
