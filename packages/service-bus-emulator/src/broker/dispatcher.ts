/** Shares the messages of a queue without sessions among its receivers: in turn, each as long as its client asks for more. */
import type { StoredMessage } from './message.js'
import type { Receiver } from './receiver.js'
import type { SequenceList } from './sequence-list.js'

export class Dispatcher {
  readonly #receivers: Receiver[] = []
  #turn = 0

  constructor(
    readonly ready: SequenceList,
    readonly hand: (receiver: Receiver, message: StoredMessage) => void,
  ) {}

  add(receiver: Receiver): void {
    this.#receivers.push(receiver)
    this.pump()
  }

  remove(receiver: Receiver): void {
    const place = this.#receivers.indexOf(receiver)
    if (place >= 0) this.#receivers.splice(place, 1)
  }

  get receivers(): readonly Receiver[] {
    return this.#receivers
  }

  pump(): void {
    let refusals = 0
    while (this.ready.length > 0 && refusals < this.#receivers.length) {
      const receiver = this.#receivers[this.#turn++ % this.#receivers.length]!
      if (!receiver.wantsMessage()) {
        refusals++
        continue
      }
      refusals = 0
      const message = this.ready.shift()
      if (message !== undefined) this.hand(receiver, message)
    }
  }
}
