/** The command line, as it is written in docs/performance.md. */
import { CommanderError } from 'commander'
import { describe, expect, it } from 'vitest'
import { parseArguments } from '../src/arguments.js'
import { workloads } from '../src/workloads/workloads.js'

function parse(...args: string[]) {
  return parseArguments(args, workloads, () => {})
}

function refusal(...args: string[]): { exitCode: number; text: string } {
  let text = ''
  try {
    parseArguments(args, workloads, (part) => (text += part))
  } catch (error) {
    if (error instanceof CommanderError) return { exitCode: error.exitCode, text }
    throw error
  }
  throw new Error('it was accepted')
}

describe('arguments', () => {
  it('have defaults', () => {
    const given = parse('replay')
    expect(given.workload.name).toBe('replay')
    expect(given).toMatchObject({ provider: 'memory', json: false, cache: true, options: undefined })
    expect([given.count, given.runs, given.against]).toEqual([undefined, undefined, undefined])
  })

  it('are read', () => {
    const given = parse('fan-out', '--provider', 'sqlite', '--count', '10', '--runs', '3', '--against', 'durabletask-js', '--json', '--no-cache', '--options', '{"commit":"messages-first"}')
    expect(given.workload.name).toBe('fan-out')
    expect(given).toMatchObject({ cache: false, options: { commit: 'messages-first' } })
    expect(given).toMatchObject({ provider: 'sqlite', count: 10, runs: 3, against: 'durabletask-js', json: true })
  })

  it('name every workload', () => {
    for (const name of ['replay', 'hello-sequence-5', 'fan-out', 'latency', 'latency-processes', 'long-history', 'growth', 'idle', 'requests', 'memory', 'event-loop-gap']) expect(parse(name).workload.name).toBe(name)
  })

  it.each([
    ['no workload', [], "missing required argument 'workload'"],
    ['an unknown workload', ['nope'], 'Give one of replay, hello-sequence-5, fan-out, latency, latency-processes, long-history, growth, idle, requests, memory, event-loop-gap.'],
    ['a second workload', ['replay', 'latency'], 'too many arguments'],
    ['an unknown option', ['replay', '--nope'], "unknown option '--nope'"],
    ['a count of 0', ['replay', '--count', '0'], 'Give a whole number ≥ 1.'],
    ['a count that is no number', ['replay', '--count', 'many'], 'Give a whole number ≥ 1.'],
    ['options that are no JSON', ['replay', '--options', 'commit'], 'Give a JSON object'],
    ['options that are a list', ['replay', '--options', '[]'], 'Give a JSON object'],
    ['broken runs', ['replay', '--runs', '1.5'], 'Give a whole number ≥ 1.'],
    ['an unknown competitor', ['replay', '--against', 'nobody'], "workload replay cannot be compared with 'nobody'; it knows durabletask-js."],
    ['an unknown competitor of orchestrations', ['latency', '--against', 'nobody'], "workload latency cannot be compared with 'nobody'; it knows durabletask-js, openworkflow, dbos."],
    ['a comparison that is not made', ['memory', '--against', 'durabletask-js'], "workload memory cannot be compared with 'durabletask-js'; it knows nobody."],
  ])('are refused: %s', (_, args, text) => {
    const { exitCode, text: said } = refusal(...args)
    expect(exitCode).toBe(1)
    expect(said).toContain(text)
    expect(said.trimEnd().split('\n')).toHaveLength(1)
  })

  it('are explained by --help', () => {
    const { exitCode, text } = refusal('--help')
    expect(exitCode).toBe(0)
    for (const { name } of workloads) expect(text).toContain(name)
  })
})
