/** The command: starts an emulator, says what happens, stops when it is told to. */
import { systemClock } from '../clock/system-clock.js'
import { EmulatorError } from '../emulator-error.js'
import { startServiceBusEmulator } from '../start-service-bus-emulator.js'
import { parseCommand, usage } from './command-options.js'

export interface CommandHost {
  readonly args: readonly string[]
  readonly version: string
  /** Prints one line. */
  readonly print: (line: string) => void
  readonly printError: (line: string) => void
  /** Resolves when the command is to stop. */
  readonly stopRequested: Promise<string>
}

/** The exit code. */
export async function runCommand({ args, version, print, printError, stopRequested }: CommandHost): Promise<number> {
  try {
    const command = parseCommand(args)
    if (command.kind !== 'run') {
      print(command.kind === 'help' ? usage : version)
      return 0
    }
    const log = command.isQuiet ? undefined : (line: string): void => print(`${timeOfDay(systemClock.nowMs())} ${line}`)
    await using emulator = await startServiceBusEmulator({ ...command.options, ...(log === undefined ? {} : { log }) })
    log?.(`queues: ${emulator.queues.join(', ') || 'none yet; the administration API creates them'}`)
    print(command.isQuiet ? emulator.connectionString : `\n  ${emulator.connectionString}\n`)
    const reason = await stopRequested
    log?.(`${reason}: stopping`)
    return 0
  } catch (error) {
    if (!(error instanceof EmulatorError)) throw error
    printError(error.message)
    return 1
  }
}

const timeOfDay = (ms: number): string => new Date(ms).toISOString().slice(11, 23)
