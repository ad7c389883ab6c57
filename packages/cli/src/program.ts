/** The command line: all commands, and the options that each of them has. */
import { Command } from 'commander'
import type { CommandHost } from './command-host.js'
import type { Context } from './commands/action.js'
import { addHistory } from './commands/history.js'
import { addHub } from './commands/hub.js'
import { addList } from './commands/list.js'
import { addPurge } from './commands/purge.js'
import { addQuarantine } from './commands/quarantine.js'
import { addRaise } from './commands/raise.js'
import { addRestart } from './commands/restart.js'
import { addShow } from './commands/show.js'
import { addSignals } from './commands/signals.js'
import { addStart } from './commands/start.js'
import { jsonObject } from './arguments/json-argument.js'

export interface Reports {
  /** An error that does not end the command. */
  readonly report: (error: unknown) => Promise<void>
  readonly finished: Context['finished']
  /** Gets help texts, and complaints about arguments. */
  readonly say: (text: string) => void
}

const help = `
Configuration: dtfx.config.json or dtfx.config.mjs in this folder or above it, or DTFX_PROVIDER and DTFX_OPTIONS; see --config, --provider, --options.
The provider's package is the one that is installed where the configuration lies.

Exit codes: 0 done, 1 the operation failed, 2 wrong arguments or configuration.`

export function createProgram(host: CommandHost, { report, finished, say }: Reports): Command {
  const program = new Command('dtfx')
    .description('Looks at and changes the orchestrations of a task hub, on any configured provider.')
    .version(host.version)
    .option('--config <file>', 'configuration file')
    .option('--provider <name>', 'memory, sqlite, azure-storage, service-bus or a package; instead of the configured one')
    .option('--options <json>', 'options of the provider, laid over the configured ones', jsonObject)
    .option('--json', 'JSON instead of text: one value, or one per line for lists')
    .option('-y, --yes', 'ask nothing')
    .option('--verbose', 'errors with their stacks and causes')
    .addHelpText('after', help)
    .exitOverride()
    .configureOutput({ writeOut: say, writeErr: say })
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('See --help.')
  const context: Context = { host, report, finished }
  for (const add of [addList, addShow, addStart, addRaise, addSignals, addRestart, addPurge, addHistory, addQuarantine, addHub]) add(program, context)
  return program
}
