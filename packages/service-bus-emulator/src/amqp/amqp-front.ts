/** All connections of AMQP clients, and what can be done to them at once. */
import type { Socket } from 'node:net'
import { entityNotFound } from '../broker/broker-error.js'
import type { Queue } from '../broker/queue.js'
import type { AmqpHost, LinkFront } from './amqp-host.js'
import { ClientConnection } from './client-connection.js'
import { conditionOf } from './error-conditions.js'

export class AmqpFront {
  readonly #connections = new Set<ClientConnection>()
  #count = 0

  constructor(readonly host: AmqpHost) {
    host.broker.onDeletion((queue) => this.#closeLinksOf(queue))
  }

  get connectionCount(): number {
    return this.#connections.size
  }

  accept(socket: Socket): void {
    this.#connections.add(new ClientConnection(this.host, socket, `#${++this.#count}`, (connection) => this.#connections.delete(connection)))
  }

  dropAll(): void {
    for (const connection of [...this.#connections]) connection.drop()
  }

  /** Asks the clients to go. */
  shutDown(): void {
    for (const connection of [...this.#connections]) connection.shutDown()
  }

  /** Detaches links on which nothing happened for so long, as the service does after 10 minutes. Returns how many. */
  closeIdleLinks(idleForMs: number): number {
    const nowMs = this.host.realClock.nowMs()
    return this.#close(
      (front) => front.queueName !== undefined && nowMs - front.lastUsedMs >= idleForMs,
      (front) => ({ condition: 'amqp:link:detach-forced', description: `The link '${front.link.name}' is force detached. Details: IdleTimerExpired: Idle timeout: ${idleForMs} ms.` }),
    )
  }

  #closeLinksOf(queue: Queue): void {
    const { code, message: description } = entityNotFound(queue.name)
    const names = new Set([queue.name, queue.deadLetters?.name])
    this.#close(
      (front) => names.has(front.queueName),
      () => ({ condition: conditionOf(code), description }),
    )
  }

  #close(wanted: (front: LinkFront) => boolean, reason: (front: LinkFront) => { condition: string; description: string }): number {
    const fronts = [...this.#connections].flatMap((connection) => [...connection.links.values()].filter(wanted).map((front) => ({ connection, front })))
    for (const { connection, front } of fronts) {
      connection.links.delete(front.link)
      front.gone()
      front.link.close(reason(front))
    }
    return fronts.length
  }
}
