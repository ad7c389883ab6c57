/** A queue as a user describes it, checked and completed. Used for options, configuration files and the administration API, so that all refuse the same with the same words. */
import { defaultQueueSettings, type QueueSettings, type QueueStatus } from '../broker/queue-settings.js'
import { EmulatorError } from '../emulator-error.js'

export interface QueueOptions {
  /** Letters, digits, `.`, `-`, `_` and `/`, at most 260. Found in any case. */
  readonly name: string
  /** Default false. */
  readonly requiresSession?: boolean
  /** How long a message or session stays locked. Default 60 000, at most 300 000. */
  readonly lockDurationMs?: number
  /** Failed deliveries after which a message moves to the dead-letter queue. Default 10. */
  readonly maxDeliveryCount?: number
  /** Default false. */
  readonly requiresDuplicateDetection?: boolean
  /** How long a message id is remembered. Default 600 000, at most 7 days. */
  readonly duplicateDetectionWindowMs?: number
  /** Default: for ever. */
  readonly defaultTimeToLiveMs?: number
  /** Whether expired messages move to the dead-letter queue. Default false. */
  readonly deadLetteringOnMessageExpiration?: boolean
  /** Default 262 144, as in the Standard tier; up to 104 857 600, as in Premium. */
  readonly maxMessageSizeBytes?: number
  /** Default 1024. */
  readonly maxSizeMegabytes?: number
  /** Default `Active`. */
  readonly status?: QueueStatus
  /** Kept and shown by the administration API. */
  readonly userMetadata?: string
  /** Kept and shown by the administration API; without effect. Default true. */
  readonly enableBatchedOperations?: boolean
}

const dayMs = 86_400_000
const statuses: readonly string[] = ['Active', 'Disabled', 'SendDisabled', 'ReceiveDisabled'] satisfies readonly QueueStatus[]
const queueName = /^[A-Za-z0-9]$|^[A-Za-z0-9][\w./-]*[A-Za-z0-9_]$/

/** Features of the service that the emulator does not have, by the name of the option that asks for them. */
const unsupported: Readonly<Record<string, string>> = {
  forwardTo: 'forwarding to another entity is not supported',
  forwardDeadLetteredMessagesTo: 'forwarding of dead-lettered messages is not supported',
  enablePartitioning: 'partitioned entities are not supported',
  autoDeleteOnIdle: 'deletion of idle entities is not supported',
  enableExpress: 'express entities are not supported',
  authorizationRules: 'authorization rules of an entity are not supported',
  topics: 'topics are not supported',
  subscriptions: 'subscriptions are not supported',
}

const isNumberIn = (low: number, high: number) => (value: unknown): boolean => typeof value === 'number' && value >= low && value <= high
const isBoolean = (value: unknown): boolean => typeof value === 'boolean'

const rules: Readonly<Record<keyof QueueOptions, readonly [check: (value: unknown) => boolean, expected: string]>> = {
  name: [(value) => typeof value === 'string' && value.length <= 260 && queueName.test(value) && !value.includes('//'), 'letters, digits, ".", "-", "_" and "/", 1 to 260 of them, starting and ending with a letter or digit'],
  requiresSession: [isBoolean, 'true or false'],
  lockDurationMs: [isNumberIn(1, 300_000), 'from 1 to 300000'],
  maxDeliveryCount: [(value) => Number.isInteger(value) && isNumberIn(1, 2_147_483_647)(value), 'an integer from 1 to 2147483647'],
  requiresDuplicateDetection: [isBoolean, 'true or false'],
  duplicateDetectionWindowMs: [isNumberIn(1, 7 * dayMs), 'from 1 to 604800000'],
  defaultTimeToLiveMs: [isNumberIn(1, Number.POSITIVE_INFINITY), 'at least 1'],
  deadLetteringOnMessageExpiration: [isBoolean, 'true or false'],
  maxMessageSizeBytes: [isNumberIn(1, 100 * 1024 * 1024), 'from 1 to 104857600'],
  maxSizeMegabytes: [isNumberIn(1, 81_920), 'from 1 to 81920'],
  status: [(value) => typeof value === 'string' && statuses.includes(value), statuses.join(', ')],
  userMetadata: [(value) => typeof value === 'string' && value.length <= 1024, 'a string of at most 1024 characters'],
  enableBatchedOperations: [isBoolean, 'true or false'],
}

/** `where` names the queue in the error. */
export function queueSettingsFrom(options: unknown, where: string): QueueSettings {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) throw new EmulatorError('DTFX_EMULATOR_OPTIONS', `${where} must be an object with a name.`)
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  for (const [key, value] of given) checkOption(key, value, where)
  if (!given.some(([key]) => key === 'name')) throw new EmulatorError('DTFX_EMULATOR_OPTIONS', `${where} has no name.`)
  return { ...defaultQueueSettings, ...(Object.fromEntries(given) as unknown as QueueSettings) }
}

function checkOption(key: string, value: unknown, where: string): void {
  const refusal = unsupported[key]
  if (refusal !== undefined) throw new EmulatorError('DTFX_EMULATOR_OPTIONS', `${where}: ${key}: ${refusal} by this emulator.`)
  const rule = Object.hasOwn(rules, key) ? rules[key as keyof QueueOptions] : undefined
  if (rule === undefined) throw new EmulatorError('DTFX_EMULATOR_OPTIONS', `${where}: there is no option '${key}'. The options are ${Object.keys(rules).join(', ')}.`)
  if (!rule[0](value)) throw new EmulatorError('DTFX_EMULATOR_OPTIONS', `${where}: ${key} is ${JSON.stringify(value)}; it must be ${rule[1]}.`)
}
