/** The requests a queue answers, by name. */
import { BrokerError } from '../broker/broker-error.js'
import type { StoredMessage } from '../broker/message.js'
import type { Outcome } from '../broker/settlement.js'
import type { Session } from '../broker/session.js'
import { encodeDelivery } from './encode-delivery.js'
import { uuidOf } from './lock-tokens.js'
import { parseMessage } from './parse-message.js'
import type { QueueRequest, RequestAnswer } from './request.js'
import { types } from './rhea-internals.js'

export interface QueueOperation {
  run(request: QueueRequest): RequestAnswer
  /** Ends the locks it relies on, for a test. */
  expireLock?(request: QueueRequest): void
  /** What has to hold for it, where it may be part of a transaction. */
  check?(request: QueueRequest): void
}

const timestampCode = 0x83
const longCode = 0x81
/** The client can only ask for batches that fit an answer. */
const maxPeekCount = 5_000

const expireSession = (request: QueueRequest): void => request.queue.sessions.expire(request.sessionId())
const expireMessages = (request: QueueRequest): void => {
  for (const token of request.lockTokens()) request.queue.settlement.lose(request.queue.locks.find(token))
}
const heldSession = (request: QueueRequest): Session => request.queue.sessions.requireHeld(request.sessionId(), request.linkName)

export const queueOperations: Readonly<Record<string, QueueOperation>> = {
  'renew-session-lock': { run: (request) => ({ body: { expiration: types.wrap_timestamp(request.queue.sessions.renew(heldSession(request))) } }), expireLock: expireSession },
  'set-session-state': { run: setSessionState, expireLock: expireSession, check: (request) => void heldSession(request) },
  'get-session-state': { run: getSessionState, expireLock: expireSession },
  'get-message-sessions': { run: listSessions },
  'renew-lock': { run: renewLocks, expireLock: expireMessages },
  'schedule-message': { run: scheduleMessages },
  'cancel-scheduled-message': { run: (request) => void request.queue.cancelScheduled(request.sequenceNumbers()) },
  'peek-message': { run: peekMessages },
  'receive-by-sequence-number': { run: receiveDeferred },
  'update-disposition': { run: updateDisposition, expireLock: expireMessages, check: checkDisposition },
}

function setSessionState(request: QueueRequest): RequestAnswer {
  const { queue } = request
  const session = heldSession(request)
  const state = request.bytes('session-state')
  const limit = queue.settings.maxMessageSizeBytes
  if (state !== undefined && state.length > limit) throw new BrokerError('size-exceeded', `The state of a session holds ${limit} bytes at most; this one has ${state.length}.`)
  queue.setSessionState(session, state)
  return undefined
}

function getSessionState(request: QueueRequest): RequestAnswer {
  const { state } = heldSession(request)
  return { body: { 'session-state': state === undefined ? null : Buffer.from(state) } }
}

function listSessions(request: QueueRequest): RequestAnswer {
  const since = request.number('last-updated-time')
  const skip = request.number('skip')
  const all = [...request.queue.sessions].filter(({ messages, state, updatedAtMs }) => (messages.size > 0 || state !== undefined) && updatedAtMs >= since)
  const ids = all.slice(skip, skip + request.number('top')).map(({ id }) => id)
  return ids.length === 0 ? 'nothing' : { body: { skip: types.wrap_int(skip + ids.length), 'sessions-ids': ids } }
}

function renewLocks(request: QueueRequest): RequestAnswer {
  const expirations = request.lockTokens().map((token) => request.queue.locks.renew(token))
  return { body: { expirations: types.wrap_array(expirations, timestampCode) } }
}

function scheduleMessages(request: QueueRequest): RequestAnswer {
  const { queue, host } = request
  const options = { newMessageId: host.newMessageId, lowerCaseSessionIds: host.lowerCaseSessionIds() }
  const messages = request.messages().map((bytes) => parseMessage(bytes, options))
  for (const message of messages) queue.checkSend(message)
  const numbers = queue.host.journal.atomically(() => messages.map((message) => queue.send(message)))
  return { body: { 'sequence-numbers': types.wrap_array(numbers, longCode) } }
}

function peekMessages(request: QueueRequest): RequestAnswer {
  const count = Math.min(request.number('message-count'), maxPeekCount)
  const messages = request.queue.peek(request.number('from-sequence-number'), count, request.optionalSessionId())
  return messages.length === 0 ? 'nothing' : { body: { messages: messages.map((message) => ({ message: encodeDelivery(message, undefined, shownState(message)) })) } }
}

/** Who looks sees a locked message as an active one. */
const shownState = ({ state }: StoredMessage): StoredMessage['state'] => (state === 'locked' ? 'active' : state)

function receiveDeferred(request: QueueRequest): RequestAnswer {
  const { queue } = request
  const sessionId = request.optionalSessionId()
  const session = sessionId === undefined ? undefined : queue.sessions.requireHeld(sessionId, request.linkName)
  if (session === undefined && queue.settings.requiresSession) throw new BrokerError('not-allowed', 'Deferred messages of a session are received by the receiver that holds the session.')
  const deletesOnReceipt = request.body['receiver-settle-mode'] === 0
  const messages = queue.takeDeferred(request.sequenceNumbers(), session).map((lock) => {
    const message = encodeDelivery(lock.message, lock.lockedUntilMs, 'deferred')
    if (deletesOnReceipt) queue.settlement.settle(lock.token, { kind: 'complete' })
    return { message, 'lock-token': types.wrap_uuid(uuidOf(lock.token)) }
  })
  return { body: { messages } }
}

function checkDisposition(request: QueueRequest): void {
  const outcome = dispositionOf(request)
  for (const token of request.lockTokens()) request.queue.settlement.check(token, outcome)
}

function updateDisposition(request: QueueRequest): RequestAnswer {
  const outcome = dispositionOf(request)
  const tokens = request.lockTokens()
  for (const token of tokens) request.queue.locks.findFree(token)
  for (const token of tokens) request.queue.settlement.settle(token, outcome)
  return undefined
}

function dispositionOf(request: QueueRequest): Outcome {
  const status = request.text('disposition-status')
  const changes = 'properties-to-modify'
  switch (status) {
    case 'completed':
      return { kind: 'complete' }
    case 'abandoned':
      return { kind: 'abandon', changes: request.changes(changes) }
    case 'defered':
      return { kind: 'defer', changes: request.changes(changes) }
    case 'suspended':
      return {
        kind: 'dead-letter',
        changes: request.changes(changes, { DeadLetterReason: request.optionalText('deadletter-reason'), DeadLetterErrorDescription: request.optionalText('deadletter-description') }),
      }
    default:
      throw new BrokerError('invalid-argument', `'${status}' is no disposition status.`)
  }
}
