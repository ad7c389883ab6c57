/** The real process as the host of a command. Thin: everything that decides is elsewhere. */
import { loadOrchestrationService, systemClock } from '@dtfx/core'
import { readFile, writeFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import type { CommandHost, Output } from './command-host.js'

export function processHost(version: string): CommandHost {
  const { stdin, stdout, stderr } = process
  return {
    out: outputOf(stdout),
    err: outputOf(stderr),
    clock: systemClock,
    version,
    openService: (config, overrides) => loadOrchestrationService(config, undefined, overrides),
    readInput,
    readFile: (path) => readFile(path, 'utf8'),
    writeFile: (path, text, { replace }) => writeFile(path, text, { flag: replace ? 'w' : 'wx' }),
    ask: stdin.isTTY && stderr.isTTY ? ask : undefined,
    untilInterrupted,
  }
}

/** A reader that ends early, like `head`, is no error: EPIPE is told to nobody. */
function outputOf(stream: NodeJS.WriteStream): Output {
  let isClosed = false
  let broken: Error | undefined
  stream.on('error', (error: NodeJS.ErrnoException) => {
    isClosed = true
    if (error.code !== 'EPIPE') broken = error
  })
  return {
    get isClosed() {
      return isClosed
    },
    width: stream.isTTY ? stream.columns : undefined,
    // Respects NO_COLOR and what the terminal can do.
    colours: stream.isTTY && stream.hasColors(),
    write: (text) =>
      new Promise((resolve, reject) => {
        if (isClosed) return broken === undefined ? resolve() : reject(broken)
        stream.write(text, (error) => (error === null || error === undefined || (error as NodeJS.ErrnoException).code === 'EPIPE' ? resolve() : reject(error)))
      }),
  }
}

async function readInput(): Promise<string> {
  let text = ''
  for await (const chunk of process.stdin.setEncoding('utf8')) text += chunk
  return text
}

/** The question goes to stderr, so that stdout holds the result only. */
function ask(question: string): Promise<string> {
  process.stderr.write(question)
  const lines = createInterface({ input: process.stdin, terminal: false })
  return new Promise((resolve) => {
    lines.once('line', (line) => {
      resolve(line)
      lines.close()
    })
    lines.once('close', () => resolve(''))
  })
}

async function untilInterrupted<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const interrupt = (): void => controller.abort()
  // The second one ends the process, as it does by default.
  process.once('SIGINT', interrupt)
  try {
    return await run(controller.signal)
  } finally {
    process.off('SIGINT', interrupt)
  }
}
