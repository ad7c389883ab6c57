/** The built program as a user starts it. `pnpm build` comes first; `pnpm test` does that. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { quickstart } from './built-quickstart.js'
import { temporaryFolder } from './temporary-folder.js'

describe('quickstart', () => {
  it('ends with 1 when a link is broken, and says which', async () => {
    const root = await temporaryFolder({ 'docs/a.md': '# A\n\n[b](b.md) [ok](#a)' })
    const { code, stdout, stderr } = await quickstart(root, 'docs').ended
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
    const { code, stdout } = await quickstart(root, '.', '--yes', '--no-timeline', '--report', 'out').ended
    expect(code).toBe(0)
    expect(stdout).toContain('✓ No broken links in 1 file')
    expect(stdout).not.toContain('History')
    expect(existsSync(join(root, 'out/report.md'))).toBe(true)
  })

  it('still reports broken links when the report cannot be written', async () => {
    const root = await temporaryFolder({ 'a.md': '[b](b.md)', out: 'a file' })
    const { code, stdout } = await quickstart(root, '.', '--report', 'out').ended
    expect(code).toBe(1)
    expect(stdout).toContain('The report could not be written: EEXIST')
  })

  it.each([
    ['a folder that is not there', ['nope'], "error: There is no folder 'nope'"],
    ['a file', ['a.md'], "error: 'a.md' is a file; give a folder, for instance '.'."],
    ['a folder without Markdown', ['empty'], 'error: There are no Markdown files (.md, .markdown) in empty.'],
    ['an unknown provider', ['.', '--provider', 'sqlit'], "Did you mean 'sqlite'?"],
    ['an unknown option of the provider', ['.', '--provider', 'memory', '--options', '{"x":1}'], "'x' is not known"],
    ['a worker on the memory of another process', ['worker', '--provider', 'memory'], 'error: What is in the memory of another process is not seen by this worker'],
    ['a start for workers that cannot see it', ['start', '.', '--provider', 'memory'], 'leave --provider memory out'],
    ['a number that is none', ['worker', '--kill-after', 'x'], 'Give a whole number from 1 to 1000.'],
    ['options without a provider', ['.', '--options', '{}'], 'give --provider as well'],
    ['an unknown option', ['--nope'], "error: unknown option '--nope'"],
  ])('ends with 2 and one readable line for %s', async (_, args, text) => {
    const root = await temporaryFolder({ 'a.md': '', 'empty/x.txt': '' })
    const { code, stderr } = await quickstart(root, ...args).ended
    expect(code).toBe(2)
    expect(stderr).toContain(text)
    expect(stderr).not.toMatch(/\n\s+at /)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
  })

  it.each([
    [[], 'Usage: quickstart [options] [folder]'],
    [['start'], 'Usage: quickstart start [options] [folder]'],
    [['worker'], 'Usage: quickstart worker [options]'],
    [['sample'], 'Usage: quickstart sample [options] [folder]'],
  ])('helps with %j', async (command, usage) => {
    const { code, stdout } = await quickstart('/', ...command, '--help').ended
    expect(code).toBe(0)
    expect(stdout).toContain(usage)
  })
})
