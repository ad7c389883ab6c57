/** The watchdog from a bundle, in real processes: who blocks is named, and what blocks too long is ended. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'tsup'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { watchdogExitCode } from '@dtfx/core'

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const program = source('./blocking-program.ts')
const folder = mkdtempSync(join(tmpdir(), 'dtfx-watchdog-'))

beforeAll(async () => {
  await build({
    entry: { plain: program },
    outDir: folder,
    format: ['esm'],
    target: 'node22',
    sourcemap: true,
    silent: true,
    config: false,
    tsconfig: source('../../../../tsconfig.json'),
    outExtension: () => ({ js: '.mjs' }),
    esbuildOptions: (options) => {
      options.alias = { '@dtfx/core/provider': source('../../../core/src/provider.ts'), '@dtfx/core': source('../../../core/src/index.ts'), '@dtfx/testing/memory': source('../../src/memory/index.ts') }
      // As hard as bundlers can make it: names are shortened, and kept by calls of a function that the thread does not have.
      options.minifySyntax = true
      options.minifyIdentifiers = true
      options.keepNames = true
    },
    noExternal: [/^@dtfx\//],
  })
}, 60_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface End {
  readonly code: number | null
  readonly signal: string | null
  readonly stderr: string
  readonly lines: readonly { readonly event: number; readonly text: string; readonly instanceId?: string; readonly name?: string; readonly blockedMs?: number; readonly stack?: string }[]
}

function run(how: string, options: object | false, place = 'main'): Promise<End> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--enable-source-maps', join(folder, 'plain.mjs'), how, JSON.stringify(options), place], { stdio: ['ignore', 'pipe', 'pipe'], env: {}, timeout: 25_000, killSignal: 'SIGTERM' })
    const texts = { stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (text) => (texts.stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text) => (texts.stderr += text))
    child.on('close', (code, signal) => resolve({ code, signal, stderr: texts.stderr, lines: texts.stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line) as End['lines'][number]) }))
  })
}

/** `blocking-program.ts:<line>` of the line that is marked so. */
function lineOf(mark: string): string {
  const index = readFileSync(program, 'utf8').split('\n').findIndex((line) => line.endsWith(`// line of ${mark}`))
  return `blocking-program.ts:${index + 1}`
}

describe('a turn that never ends', () => {
  it.each(['spin', 'microtasks', 'regex'])('by %s ends its process with the code, and is named by instance and line', async (how) => {
    const end = await run(how, { warnAfterMs: 200, maxTurnMs: 700 })
    expect([end.code, end.signal]).toEqual([watchdogExitCode, null])
    expect(end.stderr).toMatch(/event loop blocked for \d\.\d s by a turn of orchestration 'Blocker', instance 'order-7'/)
    expect(end.stderr).toContain(lineOf(how))
    expect(end.stderr).toContain(`exits with code ${watchdogExitCode}`)
  })
  it('inside a native call, which nothing can interrupt, is named by instance, and the process killed', async () => {
    const end = await run('hang', { warnAfterMs: 200, maxTurnMs: 700 })
    expect([end.code, end.signal]).toEqual([null, 'SIGKILL'])
    expect(end.stderr).toContain("a turn of orchestration 'Blocker', instance 'order-7', at a line that cannot be seen")
    expect(end.stderr).toContain('the process is killed')
  })
  it('in a worker thread ends the process too, named by instance', async () => {
    const end = await run('spin', { warnAfterMs: 200, maxTurnMs: 700 }, 'thread')
    expect([end.code, end.signal]).toEqual([watchdogExitCode, null])
    expect(end.stderr).toContain("a turn of orchestration 'Blocker', instance 'order-7'")
  })
  it('is told of on the way, also when it may go on for ever', async () => {
    const end = await run('burn', { warnAfterMs: 100, maxTurnMs: 'none' })
    expect(end.code).toBe(0)
    expect(end.stderr).toMatch(/order-7.*; it goes on/)
  })
})

describe('a turn that blocks for a while', () => {
  it.each(['burn', 'exec'])('by %s is logged with instance and line once the loop is alive again', async (how) => {
    const end = await run(how, { warnAfterMs: 400, maxTurnMs: 20_000 })
    expect([end.code, end.stderr]).toEqual([0, ''])
    expect(end.lines).toMatchObject([{ event: 204, instanceId: 'order-7', name: 'Blocker', stack: expect.stringContaining(lineOf(how)) }])
    expect(end.lines[0]?.text).toContain(lineOf(how))
    expect(end.lines[0]?.blockedMs).toBeGreaterThan(800)
  })
  it('is nobody’s business without a watchdog, and neither is one that is quick', async () => {
    expect(await run('burn', false)).toMatchObject({ code: 0, lines: [], stderr: '' })
    expect(await run('quick', { warnAfterMs: 1_000 })).toMatchObject({ code: 0, lines: [], stderr: '' })
  })
})

it('an activity that blocks for longer than a turn may is reported, never ended', async () => {
  const end = await run('activity', { warnAfterMs: 200, maxTurnMs: 600 })
  expect(end.code).toBe(0)
  expect(end.stderr).toContain('by code outside orchestration turns')
  expect(end.stderr).toContain(lineOf('burn'))
  expect(end.lines).toMatchObject([{ event: 204, stack: expect.stringContaining(lineOf('burn')) }])
  expect(end.lines[0]).not.toHaveProperty('instanceId')
})
