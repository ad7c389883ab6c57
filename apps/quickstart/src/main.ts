/** Entry of the program: arguments in, exit code out. */
import { CommanderError } from 'commander'
import { parseArguments } from './arguments.js'
import { exitCodes, runCheck } from './run-check.js'
import { screenOf } from './screen.js'
import { errorText } from './user-error.js'

async function main(): Promise<number> {
  const screen = screenOf(process.stdout, process.stdin)
  try {
    const workingDirectory = process.cwd()
    return await runCheck(parseArguments(process.argv.slice(2), workingDirectory), workingDirectory, screen)
  } catch (error) {
    // It has said what is wrong already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.clean : exitCodes.failed
    process.stderr.write(`${screen.paint.bad('error:')} ${errorText(error)}\n`)
    return exitCodes.failed
  }
}

process.exitCode = await main()
