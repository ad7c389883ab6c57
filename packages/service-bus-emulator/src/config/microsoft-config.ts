/** The configuration file of Microsoft's emulator → queues of this one, so that a project can change over without a new file. Topics in it are refused. */
import { EmulatorError } from '../emulator-error.js'
import { parseDuration } from './iso-duration.js'

/** Property of their file → option of a queue, and whether it is a duration. */
const properties: Readonly<Record<string, readonly [option: string, isDuration: boolean]>> = {
  LockDuration: ['lockDurationMs', true],
  MaxDeliveryCount: ['maxDeliveryCount', false],
  RequiresSession: ['requiresSession', false],
  RequiresDuplicateDetection: ['requiresDuplicateDetection', false],
  DuplicateDetectionHistoryTimeWindow: ['duplicateDetectionWindowMs', true],
  DefaultMessageTimeToLive: ['defaultTimeToLiveMs', true],
  DeadLetteringOnMessageExpiration: ['deadLetteringOnMessageExpiration', false],
  ForwardTo: ['forwardTo', false],
  ForwardDeadLetteredMessagesTo: ['forwardDeadLetteredMessagesTo', false],
}

interface TheirQueue {
  readonly Name?: unknown
  readonly Properties?: Readonly<Record<string, unknown>>
}

interface TheirNamespace {
  readonly Queues?: readonly TheirQueue[]
  readonly Topics?: readonly { readonly Name?: unknown }[]
}

export function queuesOfMicrosoftConfig(userConfig: unknown): unknown[] {
  const namespaces = (userConfig as { Namespaces?: readonly TheirNamespace[] } | null)?.Namespaces ?? []
  const topic = namespaces.flatMap(({ Topics }) => Topics ?? [])[0]
  if (topic !== undefined) throw new EmulatorError('DTFX_EMULATOR_OPTIONS', `The configuration has the topic '${String(topic.Name)}'; this emulator has queues only. Take the topics out.`)
  return namespaces.flatMap(({ Queues }) => Queues ?? []).map(queueOf)
}

function queueOf({ Name, Properties = {} }: TheirQueue): unknown {
  const options = Object.entries(Properties).filter(([, value]) => value !== '' && value !== null)
  return { name: Name, ...Object.fromEntries(options.map(([property, value]) => optionOf(String(Name), property, value))) }
}

function optionOf(queue: string, property: string, value: unknown): [string, unknown] {
  const known = properties[property]
  if (known === undefined) return [property, value]
  const [option, isDuration] = known
  if (!isDuration) return [option, value]
  const ms = typeof value === 'string' ? parseDuration(value) : undefined
  if (ms === undefined) throw new EmulatorError('DTFX_EMULATOR_OPTIONS', `The queue '${queue}': ${property} is ${JSON.stringify(value)}; it must be a duration as PT1M.`)
  return [option, ms]
}
