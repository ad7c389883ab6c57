/** Arguments of the command → options of an emulator. Reads the files they name. */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { queuesOfConfig } from '../config/config-file.js'
import type { EmulatorOptions } from '../config/emulator-options.js'
import { EmulatorError } from '../emulator-error.js'

export const usage = `Usage: dtfx-service-bus-emulator [options]

  --config <file>     queues, as JSON: [{ "name": "orders", "requiresSession": true }]; that of Microsoft's emulator works too
  --queue <name>      a queue with the default options; may be repeated
  --port <number>     the port to listen on (default 5672; 0: any free one)
  --host <address>    the address to listen on (default 127.0.0.1)
  --file <path>       keeps everything in this file over restarts
  --key-name <name>   name of the shared access key (default RootManageSharedAccessKey)
  --key <key>         the shared access key (default SAS_KEY_VALUE)
  --tls-cert <file>   certificate in PEM; with --tls-key
  --tls-key <file>    private key in PEM
  --quiet             print the connection string only
  --version           print the version
  --help              print this
`

export type Command = { readonly kind: 'help' } | { readonly kind: 'version' } | { readonly kind: 'run'; readonly options: EmulatorOptions; readonly isQuiet: boolean }

const text = { type: 'string' } as const
const flag = { type: 'boolean' } as const
const definitions = { config: text, queue: { type: 'string', multiple: true }, port: text, host: text, file: text, 'key-name': text, key: text, 'tls-cert': text, 'tls-key': text, quiet: flag, version: flag, help: flag } as const

export function parseCommand(args: readonly string[]): Command {
  const values = read(args)
  if (values.help === true) return { kind: 'help' }
  if (values.version === true) return { kind: 'version' }
  if ((values['tls-cert'] === undefined) !== (values['tls-key'] === undefined)) throw new EmulatorError('DTFX_EMULATOR_OPTIONS', '--tls-cert and --tls-key go together.')
  const queues = [...(values.config === undefined ? [] : queuesOfConfig(readText(values.config), values.config)), ...(values.queue ?? []).map((name) => ({ name }))]
  const options: EmulatorOptions = {
    queues,
    port: values.port === undefined ? 5672 : Number(values.port),
    ...(values.host === undefined ? {} : { host: values.host }),
    ...(values.file === undefined ? {} : { file: values.file }),
    ...(values['key-name'] === undefined ? {} : { sharedAccessKeyName: values['key-name'] }),
    ...(values.key === undefined ? {} : { sharedAccessKey: values.key }),
    ...(values['tls-cert'] === undefined || values['tls-key'] === undefined ? {} : { tls: { cert: readText(values['tls-cert']), key: readText(values['tls-key']) } }),
  }
  return { kind: 'run', options, isQuiet: values.quiet === true }
}

function read(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: definitions }).values
  } catch (cause) {
    throw new EmulatorError('DTFX_EMULATOR_OPTIONS', `${cause instanceof Error ? cause.message : String(cause)} See --help.`, { cause })
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new EmulatorError('DTFX_EMULATOR_OPTIONS', `Cannot read ${path}: ${cause instanceof Error ? cause.message : String(cause)}.`, { cause })
  }
}
