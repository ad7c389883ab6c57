/** What `startServiceBusEmulator` takes, checked. */
import type { QueueSettings } from '../broker/queue-settings.js'
import type { Clock } from '../clock/clock.js'
import { EmulatorError } from '../emulator-error.js'
import { queueSettingsFrom, type QueueOptions } from './queue-options.js'

export interface EmulatorOptions {
  /** Queues that exist from the start. A persistent emulator keeps those it knows, with their messages, and takes over changed options. */
  readonly queues?: readonly QueueOptions[]
  /** Default 0: any free one. Clients without a port in their connection string use 5672. */
  readonly port?: number
  /** Default `127.0.0.1`. */
  readonly host?: string
  /** A `ManualClock` makes locks, schedules, expiry and duplicate windows stand still until it is advanced. Default: the real time. */
  readonly clock?: Clock
  /** The key that clients sign their tokens with. Default: that of the connection string of Microsoft's emulator. */
  readonly sharedAccessKeyName?: string
  readonly sharedAccessKey?: string
  /** Certificate and key in PEM. With them clients connect as to the real service, and plain connections are refused. */
  readonly tls?: { readonly cert: string; readonly key: string }
  /** A file that keeps queues, messages, sessions and schedules over restarts. Default: nothing is kept. */
  readonly file?: string
  /** Links without traffic are closed after so long, as the service does after 10 minutes. Default: never. */
  readonly idleLinkTimeoutMs?: number
  /** Session ids are put into lower case, as the service may do. Default false. */
  readonly lowerCaseSessionIds?: boolean
  /** Takes one line for everything that happens. */
  readonly log?: (line: string) => void
}

export interface EmulatorSettings extends Omit<EmulatorOptions, 'queues'> {
  readonly queues: readonly QueueSettings[]
  readonly port: number
  readonly host: string
  readonly sharedAccessKeyName: string
  readonly sharedAccessKey: string
}

const isText = (value: unknown): boolean => typeof value === 'string' && value.length > 0
const isCall = (value: unknown): boolean => typeof value === 'function'

const rules: Readonly<Record<keyof EmulatorOptions, readonly [check: (value: unknown) => boolean, expected: string]>> = {
  queues: [Array.isArray, 'a list of queues'],
  port: [(value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 65_535, 'a port number from 0 to 65535'],
  host: [isText, 'a name or an address'],
  clock: [(value) => isCall((value as Clock | null)?.nowMs) && isCall((value as Clock | null)?.after), 'a ManualClock'],
  sharedAccessKeyName: [isText, 'a string'],
  sharedAccessKey: [isText, 'a string'],
  tls: [(value) => isText((value as { cert?: unknown } | null)?.cert) && isText((value as { key?: unknown } | null)?.key), 'an object with cert and key in PEM'],
  file: [isText, 'a path'],
  idleLinkTimeoutMs: [(value) => typeof value === 'number' && value > 0, 'above 0'],
  lowerCaseSessionIds: [(value) => typeof value === 'boolean', 'true or false'],
  log: [isCall, 'a function'],
}

export function emulatorSettings(options: EmulatorOptions): EmulatorSettings {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  for (const [key, value] of given) {
    const rule = Object.hasOwn(rules, key) ? rules[key as keyof EmulatorOptions] : undefined
    if (rule === undefined) throw new EmulatorError('DTFX_EMULATOR_OPTIONS', `There is no option '${key}'. The options are ${Object.keys(rules).join(', ')}.`)
    if (!rule[0](value)) throw new EmulatorError('DTFX_EMULATOR_OPTIONS', `The option ${key} must be ${rule[1]}.`)
  }
  const queues = (options.queues ?? []).map((queue, index) => queueSettingsFrom(queue, `queues[${index}]`))
  const names = new Set<string>()
  for (const { name } of queues) {
    if (names.has(name.toLowerCase())) throw new EmulatorError('DTFX_EMULATOR_OPTIONS', `The queue '${name}' is given twice.`)
    names.add(name.toLowerCase())
  }
  return { port: 0, host: '127.0.0.1', sharedAccessKeyName: 'RootManageSharedAccessKey', sharedAccessKey: 'SAS_KEY_VALUE', ...options, queues }
}
