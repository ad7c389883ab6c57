/** The namespace: its queues by name, in any case. Knows nothing of connections. */
import { BrokerError, entityNotFound } from './broker-error.js'
import type { BrokerHost } from './broker-host.js'
import { Queue } from './queue.js'
import type { QueueSettings } from './queue-settings.js'
import { Transaction } from './transaction.js'

const deadLetterSuffix = /\/\$deadletterqueue$/i
const subscriptionPath = /\/subscriptions(\/|$)/i

export class Broker {
  readonly #queues = new Map<string, Queue>()
  /** Told when a queue is deleted, so that fronts close its links. */
  readonly #deletionListeners: ((queue: Queue) => void)[] = []

  constructor(readonly host: BrokerHost) {}

  get queues(): readonly Queue[] {
    return [...this.#queues.values()]
  }

  onDeletion(listener: (queue: Queue) => void): void {
    this.#deletionListeners.push(listener)
  }

  createQueue(settings: QueueSettings): Queue {
    if (this.find(settings.name) !== undefined) throw new BrokerError('entity-exists', `The queue '${settings.name}' exists already.`)
    this.host.journal.write({ kind: 'queue', settings })
    return this.restoreQueue(settings)
  }

  /** Adds a queue that the journal knows already. */
  restoreQueue(settings: QueueSettings): Queue {
    const queue = new Queue(this.host, settings)
    this.#queues.set(settings.name.toLowerCase(), queue)
    return queue
  }

  updateQueue(settings: QueueSettings): Queue {
    const queue = this.queue(settings.name)
    for (const fixed of ['requiresSession', 'requiresDuplicateDetection'] as const) {
      if (settings[fixed] !== queue.settings[fixed]) throw new BrokerError('invalid-argument', `The value of '${fixed}' cannot be changed after the queue was created.`)
    }
    this.host.journal.write({ kind: 'queue', settings })
    queue.update(settings)
    return queue
  }

  deleteQueue(name: string): void {
    const queue = this.queue(name)
    if (queue.isDeadLetterQueue) throw new BrokerError('not-allowed', 'A dead-letter queue is deleted with its queue.')
    this.#queues.delete(queue.name.toLowerCase())
    this.host.journal.write({ kind: 'queue-gone', queue: queue.name })
    queue.close()
    for (const listener of this.#deletionListeners) listener(queue)
  }

  find(path: string): Queue | undefined {
    const name = path.toLowerCase()
    const main = this.#queues.get(name.replace(deadLetterSuffix, ''))
    return deadLetterSuffix.test(name) ? main?.deadLetters : main
  }

  queue(path: string): Queue {
    const queue = this.find(path)
    if (queue !== undefined) return queue
    if (subscriptionPath.test(path)) throw new BrokerError('not-supported', `'${path}' is a subscription; this emulator has queues only, no topics, subscriptions or rules.`)
    throw entityNotFound(path)
  }

  begin(): Transaction {
    return new Transaction(this.host.journal)
  }

  close(): void {
    for (const queue of this.#queues.values()) queue.close()
  }
}
