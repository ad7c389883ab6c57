/** The command line: what may be given, and its help. Pure but for the folder defaults it is handed. */
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command, InvalidArgumentError } from 'commander'
import { reportFolderName } from './files/markdown-files.js'

export interface Arguments {
  /** As given; undefined: this repository's README and docs. */
  readonly folder: string | undefined
  /** Write the report without asking. */
  readonly yes: boolean
  readonly provider: string | undefined
  readonly providerOptions: Readonly<Record<string, unknown>> | undefined
  /** Of the storage account; provider azure-storage. */
  readonly connectionString: string | undefined
  /** Absolute. Where a storage emulator that is started for the run keeps its data. */
  readonly emulatorFolder: string
  /** Instance id of the run; a run of this id that exists is continued. */
  readonly id: string | undefined
  /** Absolute. */
  readonly reportFolder: string
  readonly filesAtOnce: number
  readonly timeline: boolean
}

interface Given {
  readonly yes?: true
  readonly provider?: string
  readonly options?: Record<string, unknown>
  readonly connectionString?: string
  readonly emulatorData: string
  readonly id?: string
  readonly report: string
  readonly concurrency: number
  readonly timeline: boolean
}

/** In this program's own repository, which survives a restart of the machine and is left out of git. */
const defaultEmulatorFolder = fileURLToPath(new URL('../../../node_modules/.cache/quickstart-azurite', import.meta.url))

const help = `
Checks the relative links and the anchors in Markdown files; links to other hosts are counted, not followed.
A run is a durable orchestration: one sub-orchestration per folder, one activity per file.

Examples:
  quickstart                                README and docs of this repository
  quickstart ../my-project/docs --yes       another folder, and no question
  quickstart --provider azure-storage --id a   kill it, start it again: it goes on where it was

With azure-storage and service-bus the account is an emulator on this machine unless --connection-string names one; where no emulator listens, one is started for the run.
With service-bus the bus is an emulator in this program, unless --options names one; what is in it is kept in a file.

Exit code: 0 all links lead somewhere, 1 some are broken, 2 the check itself failed.`

/** `workingDirectory` is what relative paths are relative to. @throws CommanderError also for --help; its text was written then */
export function parseArguments(argv: readonly string[], workingDirectory: string): Arguments {
  const program = new Command('quickstart')
    .description('A link checker for a folder of Markdown.')
    .argument('[folder]', "folder to check (default: this repository's README and docs)")
    .option('-y, --yes', 'write the report without asking (without a terminal nobody is asked)')
    .option('-p, --provider <name>', 'where the run is stored: memory, sqlite, azure-storage, service-bus or a package (default: dtfx.config.json or DTFX_PROVIDER, else memory)')
    .option('-o, --options <json>', 'options of the provider, as a JSON object', jsonObject)
    .option('--connection-string <text>', 'of the storage account, for provider azure-storage (default: UseDevelopmentStorage=true)')
    .option('--emulator-data <folder>', 'where a storage emulator that is started for the run keeps its data', defaultEmulatorFolder)
    .option('--id <instance>', 'id of the run; one that exists already is continued')
    .option('--report <folder>', 'where report.md and report.html go', reportFolderName)
    .option('-c, --concurrency <n>', 'files checked at once in each folder', wholeNumber, 8)
    .option('--no-timeline', "leave out the run's history at the end")
    .addHelpText('after', help)
    .exitOverride()
  program.parse(argv, { from: 'user' })
  const given = program.opts<Given>()
  return {
    folder: program.args[0],
    yes: given.yes === true,
    provider: given.provider,
    providerOptions: given.options,
    connectionString: given.connectionString,
    emulatorFolder: resolve(workingDirectory, given.emulatorData),
    id: given.id,
    reportFolder: resolve(workingDirectory, given.report),
    filesAtOnce: given.concurrency,
    timeline: given.timeline,
  }
}

function wholeNumber(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1 || value > 1_000) throw new InvalidArgumentError('Give a whole number from 1 to 1000.')
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
