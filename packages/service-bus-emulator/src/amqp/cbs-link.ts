/** The link over which a client presents its tokens. */
import { performOperation } from '../faults/perform-operation.js'
import type { ConnectionFront, LinkFront } from './amqp-host.js'
import { statusOf } from './error-conditions.js'
import { reply } from './request-reply.js'
import { message, types, type RheaDelivery, type RheaLink } from './rhea-internals.js'
import type { SessionFront } from './session-front.js'

const tokenKinds: Readonly<Record<string, string>> = { 'servicebus.windows.net:sastoken': 'sas', jwt: 'jwt', 'amqp:jwt': 'jwt', 'amqp:swt': 'sas' }

export class CbsLink implements LinkFront {
  readonly queueName = undefined
  lastUsedMs: number

  constructor(
    readonly connection: ConnectionFront,
    readonly session: SessionFront,
    readonly link: RheaLink,
  ) {
    this.lastUsedMs = connection.host.realClock.nowMs()
  }

  message(bytes: Buffer, delivery: RheaDelivery): void {
    this.lastUsedMs = this.connection.host.realClock.nowMs()
    delivery.settled = true
    this.session.received.accept(delivery.id)
    const request = message.decode(bytes)
    const fields = request.application_properties ?? {}
    const answer = (status: number, description: string): void =>
      reply(this.session, this.link, request, { properties: { 'status-code': types.wrap_int(status), 'status-description': description }, body: undefined })
    performOperation(this.connection.host, {
      on: 'authorize',
      queue: undefined,
      request: undefined,
      apply: () => {
        const audience = String(fields['name'] ?? '')
        this.connection.authorize(this.connection.host.authorizer.verifyToken(tokenKinds[String(fields['type'])] ?? 'sas', String(request.body), audience))
      },
      acknowledge: () => answer(202, 'Accepted'),
      refuse: (error) => {
        this.connection.log(`token refused: ${error.message}`)
        answer(statusOf(error.code), error.message)
      },
      drop: () => this.connection.drop(),
    })
  }

  flow(): void {}

  gone(): void {}
}
