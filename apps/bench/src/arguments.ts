/** The command line: `bench <workload> --provider <name> [--options JSON] [--no-cache] [--count N] [--runs N] [--against X] [--json]`. Every mistake is one CommanderError that says what is allowed. */
import { Command, InvalidArgumentError } from 'commander'
import type { Workload } from './measurement.js'

export interface Arguments {
  readonly workload: Workload
  readonly provider: string
  /** Of the provider; undefined: its defaults. */
  readonly options: Readonly<Record<string, unknown>> | undefined
  readonly cache: boolean
  /** Undefined: the workload's own. */
  readonly count: number | undefined
  /** Undefined: the workload's own, fewer where they take too long. */
  readonly runs: number | undefined
  readonly against: string | undefined
  readonly json: boolean
}

/** `args` without the program's name. `write` gets help texts and complaints. @throws CommanderError, also after `--help` (exit code 0) */
export function parseArguments(args: readonly string[], workloads: readonly Workload[], write: (text: string) => void): Arguments {
  const command = describe(workloads).exitOverride().configureOutput({ writeOut: write, writeErr: write })
  command.parse(args, { from: 'user' })
  const workload = command.processedArgs[0] as Workload
  const { provider, options, cache, count, runs, against, json } = command.opts<Omit<Arguments, 'workload'>>()
  const rivals = Object.keys(workload.against ?? {})
  if (against !== undefined && !rivals.includes(against)) {
    command.error(`error: workload ${workload.name} cannot be compared with '${against}'; it knows ${rivals.join(', ') || 'nobody'}.`)
  }
  return { workload, provider, options, cache, count, runs, against, json: json ?? false }
}

function describe(workloads: readonly Workload[]): Command {
  const list = workloads.map(({ name, summary, defaultCount, requestCount, counts }) => `  ${name.padEnd(18)} ${summary} (--count: ${counts}, ${defaultCount}${requestCount === undefined ? '' : `; azure-storage ${requestCount}`})`).join('\n')
  return new Command('bench')
    .description(`Measures the framework.\n\nWorkloads:\n${list}`)
    .argument('<workload>', 'what to measure', (name: string) => {
      const workload = workloads.find((each) => each.name === name)
      if (workload === undefined) throw new InvalidArgumentError(`Give one of ${workloads.map((each) => each.name).join(', ')}.`)
      return workload
    })
    .option('--provider <name>', 'storage provider', 'memory')
    .option('--options <json>', 'options of the provider, as a JSON object', jsonObject)
    .option('--no-cache', 'forget every instance after each turn')
    .option('--count <n>', 'size of one run', wholeNumber)
    .option('--runs <n>', 'counted runs', wholeNumber)
    .option('--against <name>', 'measure this framework too, in turn with ours (durabletask-js, openworkflow, dbos)')
    .option('--json', 'one JSON row per line')
}

function jsonObject(text: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    value = undefined
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new InvalidArgumentError('Give a JSON object, like {"commit":"messages-first"}.')
  return value as Readonly<Record<string, unknown>>
}

function wholeNumber(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('Give a whole number ≥ 1.')
  return value
}
