/** Answers a request over the link that the client opened for answers. */
import { afterTurn } from '../clock/system-clock.js'
import { message, types, type PlainMessage, type RheaLink, type Typed } from './rhea-internals.js'
import type { SessionFront } from './session-front.js'

/** Turns of the event loop that an answer waits for its link; a client opens both links at the same time. */
const patienceTurns = 1_000

interface Answer {
  readonly session: SessionFront
  readonly requestLink: RheaLink
  readonly request: PlainMessage
  readonly bytes: Buffer
}

export function reply(session: SessionFront, requestLink: RheaLink, request: PlainMessage, answer: { readonly properties: Readonly<Record<string, Typed | string>>; readonly body: unknown }): void {
  const bytes = message.encode({
    to: request.reply_to ?? '',
    correlation_id: request.message_id,
    application_properties: answer.properties,
    body: answer.body === undefined ? types.wrap(null) : answer.body,
  })
  send({ session, requestLink, request, bytes }, patienceTurns)
}

function send({ session, requestLink, request, bytes }: Answer, turnsLeft: number): void {
  const link = findReplyLink(session, requestLink, request)
  if (link !== undefined && link.state.open_requests === 0 && link.credit > 0) {
    const delivery = link.send(bytes, undefined, 0)
    delivery.settled = true
    session.handedOver(delivery)
  } else if (turnsLeft > 0 && requestLink.state.remote_open) afterTurn(() => send({ session, requestLink, request, bytes }, turnsLeft - 1))
}

/** The client names the link itself, or the target of the link. */
function findReplyLink(session: SessionFront, requestLink: RheaLink, request: PlainMessage): RheaLink | undefined {
  const address = requestLink.target?.address
  return Object.values(session.session.links).find((link) => link.is_sender() && link.source?.address === address && (link.name === request.reply_to || link.target?.address === request.reply_to))
}
