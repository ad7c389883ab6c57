import { resolve } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { parseArguments } from '../src/arguments.js'

const here = resolve('/work/here')

describe('parseArguments', () => {
  it('has defaults for everything', () => {
    expect(parseArguments([], here)).toEqual({
      command: 'run',
      folder: undefined,
      yes: false,
      provider: undefined,
      providerOptions: undefined,
      connectionString: undefined,
      emulatorFolder: expect.stringMatching(/node_modules.\.cache.quickstart-azurite$/) as string,
      storeFile: resolve(here, '.dtfx/quickstart.db'),
      id: undefined,
      fresh: false,
      reportFolder: resolve(here, 'quickstart-report'),
      filesAtOnce: 8,
      timeline: true,
      verbose: false,
      killAfter: undefined,
      waitMs: undefined,
    })
  })

  it('takes what is given, in any order', () => {
    const given = parseArguments(['-y', 'docs', '--provider', 'sqlite', '--options', '{"a":1}', '--id', 'x', '--report', 'out', '-c', '3', '--no-timeline', '--connection-string', 'UseDevelopmentStorage=true', '--emulator-data', 'data'], here)
    expect(given).toMatchObject({ connectionString: 'UseDevelopmentStorage=true', emulatorFolder: resolve(here, 'data') })
    expect(given).toMatchObject({ folder: 'docs', yes: true, provider: 'sqlite', providerOptions: { a: 1 }, id: 'x', reportFolder: resolve(here, 'out'), filesAtOnce: 3, timeline: false })
  })

  it('knows the other commands by their first word', () => {
    expect(parseArguments(['start', 'docs', '--wait', '5'], here)).toMatchObject({ command: 'start', folder: 'docs', waitMs: 5_000, fresh: false })
    expect(parseArguments(['worker', '-p', 'x', '--kill-after', '7'], here)).toMatchObject({ command: 'worker', provider: 'x', killAfter: 7 })
    expect(parseArguments(['sample'], here)).toEqual({ command: 'sample', folder: resolve(here, 'quickstart-sample'), files: 1_000 })
    expect(parseArguments(['./worker', '--kill-after', '7'], here)).toMatchObject({ command: 'run', folder: './worker', killAfter: 7 })
  })

  it.each([
    ['an unknown option', ['--nope']],
    ['a folder for a worker', ['worker', 'docs']],
    ['too large a sample', ['sample', '-n', '20001']],
    ['two folders', ['a', 'b']],
    ['options that are no JSON', ['--options', '{a}']],
    ['options that are no object', ['--options', '[1]']],
    ['no whole number', ['-c', '0']],
  ])('refuses %s with a line that says so', (_, argv) => {
    const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    expect(() => parseArguments(argv, here)).toThrow(expect.objectContaining({ exitCode: 1 }) as Error)
    expect(written.mock.calls.join('')).toMatch(/^error: /)
    written.mockRestore()
  })
})
