/** Why the broker refuses an operation, in terms of the service. The fronts turn the code into an AMQP condition or an HTTP status. */

export type BrokerErrorCode =
  | 'entity-not-found'
  | 'entity-exists'
  | 'entity-disabled'
  | 'message-not-found'
  | 'message-lock-lost'
  | 'session-lock-lost'
  | 'session-cannot-be-locked'
  | 'not-allowed'
  | 'not-supported'
  | 'invalid-argument'
  | 'undecodable'
  | 'size-exceeded'
  | 'quota-exceeded'
  | 'server-busy'
  | 'unauthorized'
  | 'timeout'
  | 'unknown-transaction'
  | 'transaction-rolled-back'
  | 'internal'

export class BrokerError extends Error {
  override readonly name = 'BrokerError'

  constructor(
    readonly code: BrokerErrorCode,
    message: string,
  ) {
    super(message)
  }
}

export const messageLockLost = (): BrokerError =>
  new BrokerError('message-lock-lost', 'The lock supplied is invalid. Either the lock expired, or the message has already been removed from the queue.')

export const sessionLockLost = (sessionId: string): BrokerError =>
  new BrokerError('session-lock-lost', `The session lock was lost. Request a new session receiver. Session: ${sessionId}`)

export const entityNotFound = (path: string): BrokerError => new BrokerError('entity-not-found', `The messaging entity '${path}' could not be found.`)

/** Any thrown value as an error of the broker: what is none of ours is a fault of the emulator. */
export function asBrokerError(thrown: unknown): BrokerError {
  if (thrown instanceof BrokerError) return thrown
  return new BrokerError('internal', thrown instanceof Error ? thrown.message : String(thrown))
}
