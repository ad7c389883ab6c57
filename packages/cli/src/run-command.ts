/** The command from its arguments to its exit code. Nothing is thrown from here: every error is told on stderr. */
import { CommanderError } from 'commander'
import type { CommandHost } from './command-host.js'
import { createProgram } from './program.js'
import { errorJson, errorText } from './error-text.js'
import { exitCodeOf, exitCodes, type ExitCode } from './exit-codes.js'
import { paintFor } from './format/paint.js'

/** `args`: without node and the script. */
export async function runCommand(args: readonly string[], host: CommandHost): Promise<ExitCode> {
  const asJson = args.includes('--json')
  const report = (error: unknown): Promise<void> =>
    host.err.write(asJson ? `${JSON.stringify(errorJson(error))}\n` : `${paintFor(host.err.colours).bad('error:')} ${errorText(error, args.includes('--verbose'))}\n`)
  const said: string[] = []
  const outcome: { code: ExitCode } = { code: exitCodes.done }
  const program = createProgram(host, { report, finished: (code) => (outcome.code = code), say: (text) => said.push(text) })
  try {
    await program.parseAsync([...args], { from: 'user' })
    return outcome.code
  } catch (error) {
    if (!(error instanceof CommanderError)) {
      await report(error)
      return exitCodeOf(error)
    }
    if (error.exitCode === 0) {
      await host.out.write(said.join(''))
      return exitCodes.done
    }
    const message = said.join('').replace(/^error: /, '').trimEnd()
    await (asJson ? host.err.write(`${JSON.stringify({ error: { code: 'DTFX_INVALID_OPTION', message } })}\n`) : host.err.write(said.join('')))
    return exitCodes.usage
  }
}
