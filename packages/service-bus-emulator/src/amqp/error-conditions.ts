/** The broker's reasons as AMQP error conditions and as status codes of requests, the ones that Azure documents. */
import type { BrokerErrorCode } from '../broker/broker-error.js'

const conditions: Record<BrokerErrorCode, readonly [condition: string, statusCode: number]> = {
  'entity-not-found': ['amqp:not-found', 404],
  'entity-exists': ['com.microsoft:entity-already-exists', 409],
  'entity-disabled': ['com.microsoft:entity-disabled', 400],
  'message-not-found': ['com.microsoft:message-not-found', 404],
  'message-lock-lost': ['com.microsoft:message-lock-lost', 410],
  'session-lock-lost': ['com.microsoft:session-lock-lost', 410],
  'session-cannot-be-locked': ['com.microsoft:session-cannot-be-locked', 410],
  'not-allowed': ['amqp:not-allowed', 400],
  'not-supported': ['amqp:not-implemented', 501],
  'invalid-argument': ['com.microsoft:argument-error', 400],
  undecodable: ['amqp:decode-error', 400],
  'size-exceeded': ['amqp:link:message-size-exceeded', 403],
  'quota-exceeded': ['amqp:resource-limit-exceeded', 403],
  'server-busy': ['com.microsoft:server-busy', 503],
  unauthorized: ['amqp:unauthorized-access', 401],
  timeout: ['com.microsoft:timeout', 408],
  'unknown-transaction': ['amqp:transaction:unknown-id', 404],
  'transaction-rolled-back': ['amqp:transaction:rollback', 409],
  internal: ['amqp:internal-error', 500],
}

export const conditionOf = (code: BrokerErrorCode): string => conditions[code][0]
export const statusOf = (code: BrokerErrorCode): number => conditions[code][1]
