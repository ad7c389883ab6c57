/** docs/cli.md and README.md know every command and every option. */
import { systemClock } from '@dtfx/core'
import type { Command } from 'commander'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { CommandHost } from '../src/command-host.js'
import { createProgram } from '../src/program.js'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')
const program = createProgram({ clock: systemClock, version: '0' } as CommandHost, { report: () => Promise.resolve(), finished: () => undefined, say: () => undefined })
const all = (command: Command): Command[] => [command, ...command.commands.flatMap(all)]

test('docs/cli.md names every command and option', () => {
  const text = read('../../../docs/cli.md')
  const commands = all(program).slice(1)
  expect(commands.length).toBeGreaterThan(15)
  for (const { options } of all(program)) for (const { long, short } of options) expect(text, `${long}`).toMatch(new RegExp(`\`${short === undefined ? '' : `${short}\`, \``}${long}\\b`))
  for (const command of program.commands.map((each) => each.name())) {
    expect(text.match(/^## .*$/gm)?.join('\n'), command).toMatch(new RegExp(`\\b${command}\\b`))
    expect(read('../README.md'), command).toMatch(new RegExp(`\`(${command}|history ${command})\\b`))
  }
})
