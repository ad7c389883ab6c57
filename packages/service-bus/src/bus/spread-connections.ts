/**
 * Several connections for sessions that are held at once. At each turn of the event loop the protocol library looks at all that is open on a connection, so that with a hundred sessions on one most of its time went there.
 * Invariant: a new connection is opened only when all others are full, so that a worker with little to do has one.
 */
import type { BusConnection } from './bus-connection.js'

/** Sessions on one connection, as long as there can be another. */
const sessionsPerConnection = 16
/** A namespace has limits for all its clients together. */
const maxConnections = 8

export class SpreadConnections {
  readonly #connections: BusConnection[] = []

  constructor(readonly connect: () => BusConnection) {}

  /** `held`: the connections of the sessions that are held. */
  next(held: Iterable<BusConnection>): BusConnection {
    const counts = new Map<BusConnection, number>(this.#connections.map((connection) => [connection, 0]))
    for (const connection of held) counts.set(connection, (counts.get(connection) ?? 0) + 1)
    const roomy = [...counts].find(([, count]) => count < sessionsPerConnection)
    if (roomy !== undefined) return roomy[0]
    const [least] = [...counts].sort(([, a], [, b]) => a - b)
    if (least !== undefined && counts.size >= maxConnections) return least[0]
    const opened = this.connect()
    this.#connections.push(opened)
    return opened
  }

  async close(): Promise<void> {
    await Promise.all(this.#connections.map((connection) => connection.close()))
  }
}
