/** What a queue refuses to take in. */
import { BrokerError } from './broker-error.js'
import { sizeOf, type IncomingMessage } from './message.js'
import type { QueueSettings } from './queue-settings.js'

const bytesPerMegabyte = 1024 * 1024

/** `sizeBytes`: what the queue holds already. */
export function checkSend({ requiresSession, status, maxSizeMegabytes, name }: QueueSettings, sizeBytes: number, message: IncomingMessage): void {
  if (status === 'Disabled' || status === 'SendDisabled') throw new BrokerError('entity-disabled', `Messaging entity '${name}' is currently disabled for sending.`)
  if (requiresSession && message.sessionId === undefined) {
    throw new BrokerError('not-allowed', `The SessionId was not set on a message, and it cannot be sent to the entity. Entities that have session support enabled can only receive messages that have the SessionId set to a valid value. Entity: ${name}`)
  }
  if (sizeBytes + sizeOf(message.content) > maxSizeMegabytes * bytesPerMegabyte) {
    throw new BrokerError('quota-exceeded', `The maximum entity size has been reached or exceeded for Queue: '${name}'. Maximum size: ${maxSizeMegabytes} MB.`)
  }
}
