/** The bench command: `pnpm bench <workload> --provider <name> [--count N] [--runs N] [--against X] [--json]`. */
import { Command, InvalidArgumentError } from 'commander'
import type { Workload } from './measurement.js'
import { jsonLines, table } from './report.js'
import { runWorkload } from './runner.js'
import { eventLoopGap } from './workloads/event-loop-gap.js'
import { fanOut } from './workloads/fan-out.js'
import { helloSequence5 } from './workloads/hello-sequence-5.js'
import { latency } from './workloads/latency.js'
import { memory } from './workloads/memory.js'
import { replay } from './workloads/replay.js'
import { requests } from './workloads/requests.js'

const workloads: readonly Workload[] = [replay, helloSequence5, fanOut, latency, memory, eventLoopGap, requests]

interface Options {
  readonly provider: string
  readonly count?: number
  readonly runs?: number
  readonly against?: string
  readonly json?: boolean
}

function wholeNumber(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('give a whole number ≥ 1')
  return value
}

async function main(name: string, options: Options): Promise<void> {
  const workload = workloads.find((each) => each.name === name)
  if (workload === undefined) throw new Error(`no workload '${name}'; there are: ${workloads.map((each) => each.name).join(', ')}`)
  const rows = await runWorkload(workload, {
    provider: options.provider,
    count: options.count ?? workload.defaultCount,
    runs: options.runs ?? workload.defaultRuns,
    against: options.against,
  })
  process.stdout.write(options.json === true ? jsonLines(rows) : table(rows))
}

const command = new Command('bench')
  .description(`Measures the framework. Workloads:\n${workloads.map((each) => `  ${each.name.padEnd(18)} ${each.summary}`).join('\n')}`)
  .argument('<workload>', 'what to measure')
  .option('--provider <name>', 'storage provider', 'memory')
  .option('--count <n>', 'size of one run', wholeNumber)
  .option('--runs <n>', 'counted runs', wholeNumber)
  .option('--against <name>', 'measure this framework too, run by run in turn (durabletask-js)')
  .option('--json', 'one JSON row per line')
  .action(main)

try {
  await command.parseAsync()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
