/** Messages in the order of their sequence numbers. Adding at the end and taking the first cost constant time; a message that comes back finds its old place. */
import type { StoredMessage } from './message.js'

/** Places at the front that were given away before the array is cut. */
const slackLength = 1024

export class SequenceList {
  #items: (StoredMessage | undefined)[] = []
  #head = 0

  get length(): number {
    return this.#items.length - this.#head
  }

  shift(): StoredMessage | undefined {
    const first = this.#items[this.#head]
    if (first === undefined) return undefined
    this.#items[this.#head++] = undefined
    if (this.#head === this.#items.length) this.#clear()
    else if (this.#head > slackLength && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return first
  }

  add(message: StoredMessage): void {
    const last = this.#items[this.#items.length - 1]
    if (last === undefined || last.sequenceNumber < message.sequenceNumber) {
      this.#items.push(message)
      return
    }
    this.#items.splice(this.#placeOf(message), 0, message)
  }

  remove(message: StoredMessage): void {
    const place = this.#placeOf(message)
    if (this.#items[place] !== message) return
    this.#items.splice(place, 1)
    if (this.length === 0) this.#clear()
  }

  /** The first place whose message does not come before this one. */
  #placeOf(message: StoredMessage): number {
    let low = this.#head
    let high = this.#items.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#items[middle]!.sequenceNumber < message.sequenceNumber) low = middle + 1
      else high = middle
    }
    return low
  }

  #clear(): void {
    this.#items = []
    this.#head = 0
  }
}
