/**
 * Programs that must run in a process of their own, since they end it or change it for good. The sources of the engine are compiled once per test file, without a build.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import ts from 'typescript'

const sourceFolder = fileURLToPath(new URL('../../src', import.meta.url))

/** What every program begins with: `turn(events)` runs one on a suspended execution of `run`. */
const prelude = (engine: string): string => `
import { createEngine, Registry } from ${JSON.stringify(engine)}
const key = { instanceId: 'i', executionId: 'e' }
const os = { type: 'OrchestratorStarted', eventId: -1, timestamp: '2024-05-06T07:00:00Z' }
const start = { type: 'ExecutionStarted', eventId: -1, timestamp: os.timestamp, instance: key, name: 'orderFlow' }
const failed = (id) => ({ type: 'TaskFailed', eventId: -1, timestamp: os.timestamp, taskScheduledId: id, failure: { errorType: 'Error', errorMessage: 'boom', isNonRetriable: false } })
const completed = (id, result) => ({ type: 'TaskCompleted', eventId: -1, timestamp: os.timestamp, taskScheduledId: id, result })
const idle = () => new Promise((resolve) => setTimeout(resolve, 20))
function orchestration(run, determinism = 'guard', logger) {
  if (determinism === 'default') determinism = undefined
  const definition = { kind: 'orchestration', name: 'orderFlow', run, waitForOpenTasks: false, timerHopMs: 'none' }
  const engine = createEngine({ orchestrations: new Registry('Orchestration', [definition]), determinism, logger })
  let begun = false
  return async (...events) => {
    const result = await engine.run({ key, past: begun ? undefined : [], fresh: [os, ...(begun ? [] : [start]), ...events], keep: true })
    begun = true
    return result.actions
  }
}
`

export interface ChildResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export class ChildProgram {
  readonly #folder = mkdtempSync(join(tmpdir(), 'dtfx-engine-'))
  readonly #done = new Set<string>()
  #programs = 0

  constructor() {
    writeFileSync(join(this.#folder, 'package.json'), '{"type":"module"}')
    this.#compile(join(sourceFolder, 'engine.ts'))
  }

  /** Runs `body` as an ES module after the prelude. */
  run(body: string, flags: readonly string[] = []): ChildResult {
    const file = join(this.#folder, `program-${this.#programs++}.mjs`)
    writeFileSync(file, prelude(pathToFileURL(join(this.#folder, 'engine.js')).href) + body)
    const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, file], { encoding: 'utf8', timeout: 20_000, env: { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'production' } })
    return { code: status, stdout, stderr }
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #compile(file: string): void {
    if (this.#done.has(file)) return
    this.#done.add(file)
    const { outputText } = ts.transpileModule(readFileSync(file, 'utf8'), {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
    })
    const out = join(this.#folder, relative(sourceFolder, file).replace(/\.ts$/, '.js'))
    mkdirSync(dirname(out), { recursive: true })
    writeFileSync(out, outputText)
    for (const [, path] of outputText.matchAll(/(?:from|import) '(\.[^']+)\.js'/g)) this.#compile(`${resolve(dirname(file), path as string)}.ts`)
  }
}
