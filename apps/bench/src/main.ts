/** Entry of the program: measures one workload. Exit code ≠ 0 when an argument is wrong, a side gave a wrong result, or the workload does not apply to the provider. */
import { CommanderError } from 'commander'
import { parseArguments } from './arguments.js'
import { openSideProcess } from './processes/side-process.js'
import { jsonLines, table } from './report.js'
import { defaultPace, openHere, runWorkload, type OpenSide } from './runner.js'
import { workloads } from './workloads/workloads.js'

async function main(): Promise<number> {
  const { workload, json, ...plan } = parseArguments(process.argv.slice(2), workloads, (text) => void process.stderr.write(text))
  const inProcesses: OpenSide = ({ name }, against, options) => openSideProcess({ workload: name, against, options })
  const rows = await runWorkload(workload, plan, defaultPace, plan.against === undefined ? openHere : inProcesses)
  process.stdout.write(json ? jsonLines(rows) : table(rows))
  return 0
}

try {
  process.exitCode = await main()
} catch (error) {
  // It has said what is wrong already.
  if (!(error instanceof CommanderError)) process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`)
  // A side that failed in the middle may still hold timers, which would keep the process alive for minutes.
  process.exit(error instanceof CommanderError ? error.exitCode : 1)
}
