/** A queue as the administration API describes it in XML, in both directions. */
import type { Queue } from '../broker/queue.js'
import type { QueueSettings } from '../broker/queue-settings.js'
import type { QueueOptions } from '../config/queue-options.js'
import { formatDuration, parseDuration } from '../config/iso-duration.js'

export const serviceBusNamespace = 'http://schemas.microsoft.com/netservices/2010/10/servicebus/connect'
const countNamespace = 'http://schemas.microsoft.com/netservices/2011/06/servicebus'

/** A property of a request that cannot be used. */
export class DescriptionError extends Error {
  override readonly name = 'DescriptionError'
}

const flag = (text: string): boolean => text.toLowerCase() === 'true'
const number = (text: string): number => Number(text)

function duration(text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined) throw new DescriptionError(`'${text}' is no duration in ISO 8601.`)
  return ms
}

/** Element of the description → option of a queue. */
const readers: Readonly<Record<string, readonly [option: keyof QueueOptions, read: (text: string) => unknown]>> = {
  LockDuration: ['lockDurationMs', duration],
  MaxSizeInMegabytes: ['maxSizeMegabytes', number],
  RequiresDuplicateDetection: ['requiresDuplicateDetection', flag],
  RequiresSession: ['requiresSession', flag],
  DefaultMessageTimeToLive: ['defaultTimeToLiveMs', duration],
  DeadLetteringOnMessageExpiration: ['deadLetteringOnMessageExpiration', flag],
  DuplicateDetectionHistoryTimeWindow: ['duplicateDetectionWindowMs', duration],
  MaxDeliveryCount: ['maxDeliveryCount', number],
  EnableBatchedOperations: ['enableBatchedOperations', flag],
  Status: ['status', (text) => text],
  UserMetadata: ['userMetadata', (text) => text],
  MaxMessageSizeInKilobytes: ['maxMessageSizeBytes', (text) => Number(text) * 1024],
}

/** Elements of features that are not supported, and the value that asks for none of them. */
const refused: Readonly<Record<string, { readonly option: string; readonly isHarmless: (text: string) => boolean }>> = {
  ForwardTo: { option: 'forwardTo', isHarmless: (text) => text === '' },
  ForwardDeadLetteredMessagesTo: { option: 'forwardDeadLetteredMessagesTo', isHarmless: (text) => text === '' },
  EnablePartitioning: { option: 'enablePartitioning', isHarmless: (text) => !flag(text) },
  EnableExpress: { option: 'enableExpress', isHarmless: (text) => !flag(text) },
  AutoDeleteOnIdle: { option: 'autoDeleteOnIdle', isHarmless: (text) => parseDuration(text) === Number.POSITIVE_INFINITY },
  AuthorizationRules: { option: 'authorizationRules', isHarmless: (text) => text.trim() === '' },
}

/** The options in a request, unchecked. */
export function readDescription(xml: string, name: string): Record<string, unknown> {
  const options: Record<string, unknown> = { name }
  const elements = [...Object.keys(readers), ...Object.keys(refused)]
  for (const element of elements) {
    const text = textOf(xml, element)
    if (text === undefined) continue
    const reader = readers[element]
    const refusal = refused[element]
    if (reader !== undefined) options[reader[0]] = reader[1](text)
    else if (refusal !== undefined && !refusal.isHarmless(text)) options[refusal.option] = text
  }
  return options
}

export function writeDescription(queue: Queue): string {
  const { settings } = queue
  const counts = queue.counts()
  const time = (ms: number): string => new Date(ms).toISOString()
  return `<QueueDescription xmlns="${serviceBusNamespace}" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">${elements(describe(settings))}${elements({
    SizeInBytes: counts.sizeBytes,
    MessageCount: queue.messages.size + counts.deadLettered,
    Status: settings.status,
    CreatedAt: time(queue.createdAtMs),
    UpdatedAt: time(queue.updatedAtMs),
    AccessedAt: time(queue.accessedAtMs),
    SupportOrdering: true,
    EntityAvailabilityStatus: 'Available',
    EnablePartitioning: false,
    EnableExpress: false,
    AutoDeleteOnIdle: formatDuration(Number.POSITIVE_INFINITY),
  })}<CountDetails xmlns:d2p1="${countNamespace}">${elements({
    'd2p1:ActiveMessageCount': counts.active + counts.locked + counts.deferred,
    'd2p1:DeadLetterMessageCount': counts.deadLettered,
    'd2p1:ScheduledMessageCount': counts.scheduled,
    'd2p1:TransferMessageCount': 0,
    'd2p1:TransferDeadLetterMessageCount': 0,
  })}</CountDetails></QueueDescription>`
}

function describe(settings: QueueSettings): Record<string, unknown> {
  return {
    LockDuration: formatDuration(settings.lockDurationMs),
    MaxSizeInMegabytes: settings.maxSizeMegabytes,
    RequiresDuplicateDetection: settings.requiresDuplicateDetection,
    RequiresSession: settings.requiresSession,
    DefaultMessageTimeToLive: formatDuration(settings.defaultTimeToLiveMs),
    DeadLetteringOnMessageExpiration: settings.deadLetteringOnMessageExpiration,
    DuplicateDetectionHistoryTimeWindow: formatDuration(settings.duplicateDetectionWindowMs),
    MaxDeliveryCount: settings.maxDeliveryCount,
    EnableBatchedOperations: settings.enableBatchedOperations,
    ...(settings.userMetadata === undefined ? {} : { UserMetadata: settings.userMetadata }),
    MaxMessageSizeInKilobytes: Math.ceil(settings.maxMessageSizeBytes / 1024),
  }
}

const elements = (values: Readonly<Record<string, unknown>>): string =>
  Object.entries(values).map(([name, value]) => `<${name}>${escapeXml(String(value))}</${name}>`).join('')

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
export const escapeXml = (text: string): string => text.replace(/[&<>"]/g, (character) => entities[character]!)

/** Text of the first element of that name; requests have each once at most. */
function textOf(xml: string, element: string): string | undefined {
  const match = new RegExp(`<${element}(?:\\s[^>]*)?(?:/>|>([\\s\\S]*?)</${element}>)`).exec(xml)
  return match === null ? undefined : unescapeXml(match[1] ?? '')
}

function unescapeXml(text: string): string {
  const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(amp|lt|gt|quot|apos));/gi, (_all, hex: string | undefined, decimal: string | undefined, name: string | undefined) =>
    name === undefined ? String.fromCodePoint(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)) : named[name.toLowerCase()]!,
  )
}
