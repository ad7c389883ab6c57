/** What the AMQP front is given, and what its parts know of each other. */
import type { Broker } from '../broker/broker.js'
import type { Transaction } from '../broker/transaction.js'
import type { FaultHost } from '../faults/perform-operation.js'
import type { Authorizer } from './authorizer.js'
import type { RheaDelivery, RheaLink, Typed } from './rhea-internals.js'

export interface AmqpHost extends FaultHost {
  readonly broker: Broker
  readonly authorizer: Authorizer
  readonly newMessageId: () => string
  /** Whether session ids are put into lower case, now. */
  readonly lowerCaseSessionIds: () => boolean
}

/** The emulator's side of one link. */
export interface LinkFront {
  readonly link: RheaLink
  /** The queue it leads to, if it does. */
  readonly queueName: string | undefined
  /** When something last happened on it, by the real clock. */
  lastUsedMs: number
  message(bytes: Buffer, delivery: RheaDelivery, state: Typed | undefined): void
  /** The client gave credit, or the link can send again. */
  flow(): void
  /** The client closed the link, or it is gone with its connection. */
  gone(): void
}

/** What a link needs of its connection. */
export interface ConnectionFront {
  readonly host: AmqpHost
  authorize(path: string): void
  requireAuthorized(path: string): void
  transaction(id: Buffer): Transaction
  begin(): Buffer
  end(id: Buffer): Transaction
  drop(): void
  log(line: string): void
}
