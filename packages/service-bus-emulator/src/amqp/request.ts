/** One request to a queue, its fields checked as they are read. */
import { BrokerError } from '../broker/broker-error.js'
import type { PropertyChanges } from '../broker/message.js'
import type { Queue } from '../broker/queue.js'
import type { AmqpHost } from './amqp-host.js'
import { changesFrom } from './delivery-states.js'
import { tokenOf } from './lock-tokens.js'

export type RequestBody = Readonly<Record<string, unknown>>

/** What a request answers: nothing more than success, nothing found, or a body. */
export type RequestAnswer = { readonly body: Readonly<Record<string, unknown>> } | 'nothing' | undefined

const invalid = (field: string, expected: string): BrokerError => new BrokerError('invalid-argument', `The field '${field}' of the request must be ${expected}.`)

export class QueueRequest {
  constructor(
    readonly host: AmqpHost,
    readonly queue: Queue,
    readonly body: RequestBody,
    /** The receiver link on whose behalf it is made. */
    readonly linkName: string | undefined,
  ) {}

  text(field: string): string {
    const value = this.optionalText(field)
    if (value === undefined) throw invalid(field, 'a string')
    return value
  }

  optionalText(field: string): string | undefined {
    const value = this.body[field]
    return typeof value === 'string' ? value : undefined
  }

  sessionId(): string {
    return this.#cased(this.text('session-id'))
  }

  optionalSessionId(): string | undefined {
    const id = this.optionalText('session-id')
    return id === undefined ? undefined : this.#cased(id)
  }

  number(field: string): number {
    const value = this.body[field]
    const number = Buffer.isBuffer(value) ? longOf(value) : typeof value === 'number' ? value : value instanceof Date ? value.getTime() : Number.NaN
    if (Number.isNaN(number)) throw invalid(field, 'a number')
    return number
  }

  sequenceNumbers(): number[] {
    return this.#list('sequence-numbers').map((value) => (Buffer.isBuffer(value) ? longOf(value) : Number(value)))
  }

  lockTokens(): string[] {
    return this.#list('lock-tokens').map((value) => {
      if (!Buffer.isBuffer(value) || value.length !== 16) throw invalid('lock-tokens', 'a list of uuids')
      return tokenOf(value)
    })
  }

  messages(): Buffer[] {
    return this.#list('messages').map((value) => {
      const bytes = (value as { message?: unknown } | null)?.message
      if (!Buffer.isBuffer(bytes)) throw invalid('messages', 'a list of encoded messages')
      return bytes
    })
  }

  bytes(field: string): Buffer | undefined {
    const value = this.body[field]
    if (value === undefined || value === null) return undefined
    if (!Buffer.isBuffer(value)) throw invalid(field, 'binary')
    return Buffer.from(value)
  }

  changes(field: string, more: Readonly<Record<string, unknown>> = {}): PropertyChanges {
    const value = this.body[field]
    return changesFrom({ ...(typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}), ...more })
  }

  #cased(sessionId: string): string {
    return this.host.lowerCaseSessionIds() ? sessionId.toLowerCase() : sessionId
  }

  #list(field: string): readonly unknown[] {
    const value = this.body[field]
    if (!Array.isArray(value) || value.length === 0) throw invalid(field, 'a list')
    return value
  }
}

const longOf = (bytes: Buffer): number => Number(bytes.readBigInt64BE(0))

