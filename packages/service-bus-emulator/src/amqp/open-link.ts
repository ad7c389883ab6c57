/** Decides what a new link is, by its target or source, and answers its attach; or refuses it: the attach is answered without a terminus, and a detach says why. */
import { BrokerError } from '../broker/broker-error.js'
import { performOperation } from '../faults/perform-operation.js'
import type { ConnectionFront, LinkFront } from './amqp-host.js'
import { CbsLink } from './cbs-link.js'
import { CoordinatorLink, coordinatorTarget } from './coordinator-link.js'
import { conditionOf } from './error-conditions.js'
import { ReceivingLink } from './receiving-link.js'
import { RequestLink } from './request-link.js'
import { types, type RheaLink } from './rhea-internals.js'
import { SendingLink } from './sending-link.js'
import type { SessionFront } from './session-front.js'

const tokenNode = '$cbs'
const requestSuffix = /\/\$management$/i
const transferDestination = 'com.microsoft:transfer-destination-address'
/** For links that lead to no queue. */
const defaultMaxMessageBytes = 256 * 1024

type Register = (front: LinkFront) => void

export function openLink(connection: ConnectionFront, session: SessionFront, link: RheaLink, register: Register): void {
  // rhea has opened its side already; the answer has to wait for the decision.
  link.state.open_requests = 0
  link.state.local_open = false
  const address = (link.is_sender() ? link.source?.address : link.target?.address) ?? ''
  const isQueueLink = address !== tokenNode && address !== ''
  let canAnswer = true
  let front: LinkFront | undefined
  const keep: Register = (opened) => register((front = opened))
  performOperation(connection.host, {
    on: 'attach',
    queue: isQueueLink ? (connection.host.broker.find(address.replace(requestSuffix, ''))?.name ?? address) : undefined,
    request: undefined,
    apply: () => {
      if (!link.state.remote_open) return
      if (link.is_sender()) canAnswer = openTowardsClient({ connection, session, link, address }, keep)
      else openFromClient({ connection, session, link, address }, keep)
    },
    acknowledge: () => {
      if (!canAnswer) return
      link.open()
      // A client may give credit together with its attach.
      front?.flow()
    },
    refuse: (error) => {
      connection.log(`link to '${address}' refused: ${error.message}`)
      link.local.attach.source = undefined
      link.local.attach.target = undefined
      link.open()
      link.close({ condition: conditionOf(error.code), description: error.message })
    },
    drop: () => connection.drop(),
  })
}

interface NewLink {
  readonly connection: ConnectionFront
  readonly session: SessionFront
  readonly link: RheaLink
  readonly address: string
}

function openFromClient({ connection, session, link, address }: NewLink, register: Register): void {
  const { broker } = connection.host
  link.local.attach.max_message_size = defaultMaxMessageBytes
  if (session.coordinators.delete(link.name)) {
    link.local.attach.target = coordinatorTarget()
    return register(new CoordinatorLink(connection, session, link))
  }
  link.set_source({ address: link.source?.address })
  link.set_target({ address })
  if (address === tokenNode) return register(new CbsLink(connection, session, link))
  connection.requireAuthorized(address)
  const queue = broker.queue(address.replace(requestSuffix, ''))
  if (requestSuffix.test(address)) return register(new RequestLink(connection, session, link, queue))
  if (queue.isDeadLetterQueue) throw new BrokerError('not-allowed', `Messages cannot be sent to the dead-letter queue '${queue.name}'.`)
  // Sending via one queue to another: the transaction belongs to the first, the messages to the second.
  const destination = types.unwrap(link.properties?.[transferDestination])
  const target = typeof destination === 'string' ? broker.queue(destination) : queue
  link.local.attach.max_message_size = target.settings.maxMessageSizeBytes
  register(new SendingLink(connection, session, link, target))
}

/** Returns whether the attach can be answered now; one that waits for a session is answered when there is one. */
function openTowardsClient({ connection, session, link, address }: NewLink, register: Register): boolean {
  const { broker } = connection.host
  link.set_source({ address })
  link.set_target({ address: link.target?.address })
  if (address === tokenNode) return true
  connection.requireAuthorized(address)
  const queue = broker.queue(address.replace(requestSuffix, ''))
  if (requestSuffix.test(address)) return true
  const front = new ReceivingLink(connection, session, link, queue)
  register(front)
  return front.attach()
}
