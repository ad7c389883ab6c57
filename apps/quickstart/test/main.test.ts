/** The built program as a user starts it. `pnpm build` comes first; `pnpm test` does that. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from './temporary-folder.js'

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function quickstart(cwd: string, ...args: string[]): Promise<Ended> {
  const { DTFX_PROVIDER: _provider, DTFX_OPTIONS: _options, FORCE_COLOR: _colour, ...env } = process.env
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}

beforeAll(() => {
  expect(existsSync(main), 'the program is not built: run pnpm build').toBe(true)
})

describe('quickstart', () => {
  it('ends with 1 when a link is broken, and says which', async () => {
    const root = await temporaryFolder({ 'docs/a.md': '# A\n\n[b](b.md) [ok](#a)' })
    const { code, stdout, stderr } = await quickstart(root, 'docs')
    expect(stderr).toBe('')
    expect(code).toBe(1)
    expect(stdout).toContain('✗ a.md:3 b.md no such file\n')
    expect(stdout).toContain('Checked 1/1\n')
    expect(stdout).toMatch(/│ event raised +│ approve/)
    expect(stdout).toContain(`Report: ${join(root, 'quickstart-report/report.md')}\n`)
    expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^✗ 1 broken link in 1 file · 3 words · 2 links checked \(\d.*\)$/)
    expect(existsSync(join(root, 'quickstart-report/report.html'))).toBe(true)
    // eslint-disable-next-line no-control-regex
    expect(stdout).not.toMatch(/\u001b/)
  })

  it('ends with 0 when all is well', async () => {
    const root = await temporaryFolder({ 'a.md': '# A\n[self](#a)' })
    const { code, stdout } = await quickstart(root, '.', '--yes', '--no-timeline', '--report', 'out')
    expect(code).toBe(0)
    expect(stdout).toContain('✓ No broken links in 1 file')
    expect(stdout).not.toContain('History')
    expect(existsSync(join(root, 'out/report.md'))).toBe(true)
  })

  it('still reports broken links when the report cannot be written', async () => {
    const root = await temporaryFolder({ 'a.md': '[b](b.md)', out: 'a file' })
    const { code, stdout } = await quickstart(root, '.', '--report', 'out')
    expect(code).toBe(1)
    expect(stdout).toContain('The report could not be written: EEXIST')
  })

  it.each([
    ['a folder that is not there', ['nope'], "error: There is no folder 'nope'"],
    ['a file', ['a.md'], "error: 'a.md' is a file; give a folder, for instance '.'."],
    ['a folder without Markdown', ['empty'], 'error: There are no Markdown files (.md, .markdown) in empty.'],
    ['an unknown provider', ['.', '--provider', 'sqlit'], "Did you mean 'sqlite'?"],
    ['an unknown option of the provider', ['.', '--provider', 'memory', '--options', '{"x":1}'], "'x' is not known"],
    ['options without a provider', ['.', '--options', '{}'], 'give --provider as well'],
    ['an unknown option', ['--nope'], "error: unknown option '--nope'"],
  ])('ends with 2 and one readable line for %s', async (_, args, text) => {
    const root = await temporaryFolder({ 'a.md': '', 'empty/x.txt': '' })
    const { code, stderr } = await quickstart(root, ...args)
    expect(code).toBe(2)
    expect(stderr).toContain(text)
    expect(stderr).not.toMatch(/\n\s+at /)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
  })

  it('helps', async () => {
    const { code, stdout } = await quickstart('/', '--help')
    expect(code).toBe(0)
    expect(stdout).toContain('Usage: quickstart [options] [folder]')
  })
})
