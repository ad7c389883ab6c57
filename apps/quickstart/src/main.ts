/** Entry of the program: arguments in, exit code out. */
import { relative } from 'node:path'
import { CommanderError } from 'commander'
import { parseArguments } from './arguments.js'
import { commandLineOf } from './command-line.js'
import { hideSqliteWarning } from './hide-sqlite-warning.js'
import { plural } from './report/wording.js'
import { exitCodes, runCheck } from './run-check.js'
import { runWorker } from './run-worker.js'
import { screenOf, type Screen } from './screen.js'
import { errorText } from './user-error.js'
import { writeSample } from './write-sample.js'

async function main(): Promise<number> {
  const screen = screenOf(process.stdout, process.stdin)
  try {
    return await runCommand(screen)
  } catch (error) {
    // It has said what is wrong already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.clean : exitCodes.failed
    process.stderr.write(`${screen.paint.bad('error:')} ${errorText(error)}\n`)
    return exitCodes.failed
  }
}

async function runCommand(screen: Screen): Promise<number> {
  const workingDirectory = process.cwd()
  const given = parseArguments(process.argv.slice(2), workingDirectory)
  switch (given.command) {
    case 'worker':
      await runWorker(given, screen)
      return exitCodes.clean
    case 'sample':
      await writeSample(given.folder, given.files)
      screen.write(`${plural(given.files, 'file')} in ${relative(workingDirectory, given.folder) || '.'}`)
      return exitCodes.clean
    default:
      return runCheck(given, { workingDirectory, screen, commands: commandLineOf({ argv: process.argv, env: process.env, workingDirectory }) })
  }
}

hideSqliteWarning()
process.exitCode = await main()
