/** A queue with constant-time ends; memory of taken items is given back in blocks. */
export class Fifo<T> {
  #items: (T | undefined)[] = []
  #head = 0

  get length(): number {
    return this.#items.length - this.#head
  }

  push(item: T): void {
    this.#items.push(item)
  }

  peek(): T | undefined {
    return this.#items[this.#head]
  }

  shift(): T | undefined {
    if (this.#head === this.#items.length) return undefined
    const item = this.#items[this.#head]
    this.#items[this.#head++] = undefined
    if (this.#head === this.#items.length) {
      this.#items.length = 0
      this.#head = 0
    } else if (this.#head >= 1024 && this.#head * 2 >= this.#items.length) {
      this.#items.splice(0, this.#head)
      this.#head = 0
    }
    return item
  }

  /** Takes out the items for which `wanted` is true, in order. */
  extract(wanted: (item: T) => boolean): T[] {
    const out: T[] = []
    const rest: T[] = []
    for (const item of this) (wanted(item) ? out : rest).push(item)
    this.#items = rest
    this.#head = 0
    return out
  }

  /** Takes out the first item for which `wanted` is true. */
  takeFirst(wanted: (item: T) => boolean): T | undefined {
    const first = this.peek()
    if (first === undefined) return undefined
    if (wanted(first)) return this.shift()
    for (let at = this.#head + 1; at < this.#items.length; at++) {
      const item = this.#items[at] as T
      if (wanted(item)) {
        this.#items.splice(at, 1)
        return item
      }
    }
    return undefined
  }

  clear(): void {
    this.#items = []
    this.#head = 0
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let at = this.#head; at < this.#items.length; at++) yield this.#items[at] as T
  }
}
