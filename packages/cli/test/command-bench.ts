/** Runs commands in this process, against a service of the test, and collects what they print. */
import type { Clock, ConfigOverrides, OrchestrationService } from '@dtfx/core'
import { delegateService } from '@dtfx/core/provider'
import type { CommandHost, Output } from '../src/command-host.js'
import { runCommand } from '../src/run-command.js'

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  /** Each line of stdout, parsed. */
  readonly json: readonly Record<string, never>[]
}

export interface BenchOptions {
  readonly clock: Clock
  /** Answers of the person at the terminal; undefined: there is none. */
  readonly answers?: readonly string[]
  readonly input?: string
  readonly width?: number
  readonly colours?: boolean
  /** The reader goes away after so many writes. */
  readonly readerLeavesAfter?: number
  readonly interrupt?: AbortSignal
}

class Collected implements Output {
  text = ''
  writes = 0

  constructor(
    readonly width: number | undefined,
    readonly colours: boolean,
    readonly leavesAfter: number,
  ) {}

  get isClosed(): boolean {
    return this.writes >= this.leavesAfter
  }

  write(text: string): Promise<void> {
    this.writes++
    this.text += text
    return Promise.resolve()
  }
}

export class CommandBench {
  readonly files = new Map<string, string>()
  readonly questions: string[] = []
  readonly opened: { config: string | undefined; overrides: ConfigOverrides }[] = []
  closed = 0
  options: BenchOptions

  constructor(
    readonly service: OrchestrationService | Error,
    options: BenchOptions,
  ) {
    this.options = options
  }

  async run(...args: string[]): Promise<Ran> {
    const { width, colours = false, readerLeavesAfter = Number.POSITIVE_INFINITY } = this.options
    const out = new Collected(width, colours, readerLeavesAfter)
    const err = new Collected(width, colours, Number.POSITIVE_INFINITY)
    const code = await runCommand(args, this.#host(out, err))
    const json = (): Record<string, never>[] => out.text.trim().split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Record<string, never>)
    return {
      code,
      stdout: out.text,
      stderr: err.text,
      get json() {
        return json()
      },
    }
  }

  #host(out: Output, err: Output): CommandHost {
    const { clock, input = '', answers, interrupt = new AbortController().signal } = this.options
    const rest = [...(answers ?? [])]
    return {
      out,
      err,
      clock,
      version: '1.2.3',
      openService: async (config, overrides) => {
        this.opened.push({ config, overrides })
        if (this.service instanceof Error) throw this.service
        // The test's service goes on; another process would have its own.
        return delegateService(this.service, { name: 'store', close: async () => void this.closed++ })
      },
      readInput: () => Promise.resolve(input),
      readFile: (path) => (this.files.has(path) ? Promise.resolve(this.files.get(path) as string) : Promise.reject(fileError('ENOENT', path))),
      writeFile: (path, text, { replace }) => {
        if (this.files.has(path) && !replace) return Promise.reject(fileError('EEXIST', path))
        this.files.set(path, text)
        return Promise.resolve()
      },
      ask:
        answers === undefined
          ? undefined
          : (question) => {
              this.questions.push(question)
              return Promise.resolve(rest.shift() ?? '')
            },
      untilInterrupted: (run) => run(interrupt),
    }
  }
}

function fileError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code, path })
}
