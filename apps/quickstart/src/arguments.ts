/** The command line: what may be given, and its help. Pure but for the folder defaults it is handed. */
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command, InvalidArgumentError } from 'commander'
import { reportFolderName, sampleFolderName } from './files/markdown-files.js'

/** Where runs are stored. */
export interface StoreArguments {
  readonly provider: string | undefined
  readonly providerOptions: Readonly<Record<string, unknown>> | undefined
  /** Of the storage account; provider azure-storage. */
  readonly connectionString: string | undefined
  /** Absolute. Where emulators that are started for the run keep their data. */
  readonly emulatorFolder: string
  /** Absolute. The file of the run where nothing else is configured. */
  readonly storeFile: string
}

export interface RunArguments extends StoreArguments {
  /** `start`: without a worker in this process. */
  readonly command: 'run' | 'start'
  /** As given; undefined: this repository's README and docs. */
  readonly folder: string | undefined
  /** Write the report without asking. */
  readonly yes: boolean
  /** Instance id of the run; undefined: one that follows from the folder. */
  readonly id: string | undefined
  /** A run of this id that has not ended makes room. */
  readonly fresh: boolean
  /** Absolute. */
  readonly reportFolder: string
  readonly filesAtOnce: number
  readonly timeline: boolean
  /** A line for every file that is checked in this process. */
  readonly verbose: boolean
  /** Checks after which this process kills itself. */
  readonly killAfter: number | undefined
  /** How long a start waits while nothing happens; undefined: until somebody stops it. */
  readonly waitMs: number | undefined
}

export interface WorkerArguments extends StoreArguments {
  readonly command: 'worker'
  readonly verbose: boolean
  readonly killAfter: number | undefined
}

export interface SampleArguments {
  readonly command: 'sample'
  /** Absolute. */
  readonly folder: string
  readonly files: number
}

export type Arguments = RunArguments | WorkerArguments | SampleArguments

interface Given {
  readonly yes?: true
  readonly provider?: string
  readonly options?: Record<string, unknown>
  readonly connectionString?: string
  readonly emulatorData: string
  readonly id?: string
  readonly fresh?: true
  readonly report: string
  readonly concurrency: number
  readonly timeline: boolean
  readonly verbose?: true
  readonly killAfter?: number
  readonly wait?: number
  readonly files: number
}

/** In this program's own repository, which survives a restart of the machine and is left out of git. */
const defaultEmulatorFolder = fileURLToPath(new URL('../../../node_modules/.cache/quickstart-azurite', import.meta.url))

const help = `
Checks the relative links and the anchors in Markdown files; links to other hosts are counted, not followed.
A run is a durable orchestration: one sub-orchestration per folder, one activity per file. It is stored in .dtfx/quickstart.db in the
working folder: stopped or killed at any moment, the same command goes on where it was.

Other commands, each with a --help of its own:
  quickstart worker           does the work of runs that other processes started, until Ctrl+C
  quickstart start [folder]   starts a run for workers in other processes, or joins one: watches it, and asks for the approval
  quickstart sample [folder]  writes a large folder of Markdown to try it on

Examples:
  quickstart                                   README and docs of this repository
  quickstart ../my-project/docs --yes          another folder, and no question
  quickstart --provider azure-storage          stored on Azure Storage

A dtfx.config.json, or DTFX_PROVIDER and DTFX_OPTIONS, name the store for all commands; --provider wins.
With azure-storage and service-bus the account is an emulator on this machine unless --connection-string names one; where no emulator listens, one is started for the run.
With service-bus the bus is an emulator in this process, unless --options names one; what is in it is kept in a file.
Emulators end with the process that started them.

Exit code: 0 all links lead somewhere, 1 some are broken, 2 the check itself failed.`

/** `workingDirectory` is what relative paths are relative to. @throws CommanderError also for --help; its text was written then */
export function parseArguments(argv: readonly string[], workingDirectory: string): Arguments {
  switch (argv[0]) {
    case 'worker':
      return workerArguments(argv.slice(1), workingDirectory)
    case 'sample':
      return sampleArguments(argv.slice(1), workingDirectory)
    case 'start':
      return runArguments('start', argv.slice(1), workingDirectory)
    default:
      return runArguments('run', argv, workingDirectory)
  }
}

function runArguments(command: 'run' | 'start', argv: readonly string[], workingDirectory: string): RunArguments {
  const program =
    command === 'run'
      ? new Command('quickstart').description('A link checker for a folder of Markdown.').addHelpText('after', help)
      : new Command('quickstart start').description('Starts a run for workers in other processes (quickstart worker), or joins one that has not ended: watches it, and asks for the approval.')
  program
    .argument('[folder]', "folder to check (default: this repository's README and docs)")
    .option('-y, --yes', 'write the report without asking (without a terminal nobody is asked)')
    .option('--id <instance>', 'id of the run; one that has not ended is continued (default: one that follows from the folder)')
    .option('--report <folder>', 'where report.md and report.html go', reportFolderName)
    .option('-c, --concurrency <n>', 'files checked at once in each folder', wholeNumber, 8)
    .option('--no-timeline', "leave out the run's history at the end")
  // Who starts anew ends the run that is there, which takes a worker.
  if (command === 'run') workOptions(program.option('--fresh', 'start anew also if a run of this id has not ended'))
  else program.option('--wait <seconds>', 'give up when nothing happens for so long; the run stays stored (default: wait until Ctrl+C)', seconds)
  const given = parse(storeOptions(program), argv)
  return {
    command,
    ...storeOf(given, workingDirectory),
    folder: program.args[0],
    yes: given.yes === true,
    id: given.id,
    fresh: given.fresh === true,
    reportFolder: resolve(workingDirectory, given.report),
    filesAtOnce: given.concurrency,
    timeline: given.timeline,
    verbose: given.verbose === true,
    killAfter: given.killAfter,
    waitMs: given.wait,
  }
}

function workerArguments(argv: readonly string[], workingDirectory: string): WorkerArguments {
  const program = workOptions(new Command('quickstart worker').description('Does the work of runs that other processes started (quickstart start), until Ctrl+C. Start as many as you like.'))
  const given = parse(storeOptions(program), argv)
  return { command: 'worker', ...storeOf(given, workingDirectory), verbose: given.verbose === true, killAfter: given.killAfter }
}

function sampleArguments(argv: readonly string[], workingDirectory: string): SampleArguments {
  const program = new Command('quickstart sample')
    .description('Writes a folder of Markdown files that link to each other, to try the quickstart on.')
    .argument('[folder]', 'folder that is made', sampleFolderName)
    .option('-n, --files <n>', 'how many files', sampleSize, 1_000)
  const given = parse(program, argv)
  return { command: 'sample', folder: resolve(workingDirectory, program.processedArgs[0] as string), files: given.files }
}

function parse(program: Command, argv: readonly string[]): Given {
  return program.exitOverride().parse(argv, { from: 'user' }).opts<Given>()
}

function storeOptions(program: Command): Command {
  return program
    .option('-p, --provider <name>', 'where runs are stored: sqlite, memory, azure-storage, service-bus or a package (default: dtfx.config.json or DTFX_PROVIDER, else sqlite)')
    .option('-o, --options <json>', 'options of the provider, as a JSON object', jsonObject)
    .option('--connection-string <text>', 'of the storage account, for provider azure-storage (default: UseDevelopmentStorage=true)')
    .option('--emulator-data <folder>', 'where a storage emulator that is started for the run keeps its data', defaultEmulatorFolder)
}

function workOptions(program: Command): Command {
  return program
    .option('-v, --verbose', 'a line for every file that is checked in this process')
    .option('--kill-after <n>', 'to see it go on: this process kills itself (SIGKILL) after so many files', wholeNumber)
}

function storeOf(given: Given, workingDirectory: string): StoreArguments {
  return {
    provider: given.provider,
    providerOptions: given.options,
    connectionString: given.connectionString,
    emulatorFolder: resolve(workingDirectory, given.emulatorData),
    storeFile: resolve(workingDirectory, '.dtfx', 'quickstart.db'),
  }
}

function wholeNumber(text: string): number {
  return numberWithin(text, 1_000)
}

function sampleSize(text: string): number {
  return numberWithin(text, 20_000)
}

function seconds(text: string): number {
  return numberWithin(text, 86_400) * 1_000
}

function numberWithin(text: string, most: number): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1 || value > most) throw new InvalidArgumentError(`Give a whole number from 1 to ${most}.`)
  return value
}

function jsonObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // told below, in words that help more than those of JSON.parse
  }
  throw new InvalidArgumentError(`Give a JSON object, for instance '{"key":"value"}'.`)
}
