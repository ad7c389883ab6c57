/**
 * A binary heap of things that are due at a time, earliest first and, at the same time, in the order of insertion. Cancelled ones are skipped.
 * Invariant: `peek` never returns a cancelled entry, and cancelled entries never make up more than half of a large heap, so that timers nobody wants are no leak.
 */

export interface HeapEntry<T> {
  readonly dueMs: number
  readonly order: number
  readonly value: T
  /** Set by {@link TimerHeap.cancel} and when the entry has left the heap. */
  gone: boolean
}

const compactionThreshold = 64

export class TimerHeap<T> {
  #entries: HeapEntry<T>[] = []
  #order = 0
  #live = 0

  /** Entries that are neither cancelled nor taken. */
  get size(): number {
    return this.#live
  }

  add(dueMs: number, value: T): HeapEntry<T> {
    const entry: HeapEntry<T> = { dueMs, order: this.#order++, value, gone: false }
    this.#entries.push(entry)
    this.#live++
    this.#rise(this.#entries.length - 1)
    return entry
  }

  /** The earliest entry; it stays. */
  peek(): HeapEntry<T> | undefined {
    while (this.#entries[0]?.gone === true) this.#dropFirst()
    return this.#entries[0]
  }

  /** Takes the earliest entry if it is due at `nowMs`. */
  takeDue(nowMs: number): HeapEntry<T> | undefined {
    const first = this.peek()
    if (first === undefined || first.dueMs > nowMs) return undefined
    first.gone = true
    this.#live--
    this.#dropFirst()
    return first
  }

  cancel(entry: HeapEntry<T>): void {
    if (entry.gone) return
    entry.gone = true
    this.#live--
    if (this.#entries.length > compactionThreshold && this.#live * 2 < this.#entries.length) this.#compact()
  }

  clear(): void {
    for (const entry of this.#entries) entry.gone = true
    this.#entries = []
    this.#live = 0
  }

  #compact(): void {
    this.#entries = this.#entries.filter((entry) => !entry.gone).sort(compare)
  }

  #dropFirst(): void {
    const last = this.#entries.pop() as HeapEntry<T>
    if (this.#entries.length === 0) return
    this.#entries[0] = last
    this.#sink()
  }

  #rise(from: number): void {
    const entries = this.#entries
    const entry = entries[from] as HeapEntry<T>
    let at = from
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = entries[parent] as HeapEntry<T>
      if (compare(above, entry) <= 0) break
      entries[at] = above
      at = parent
    }
    entries[at] = entry
  }

  #sink(): void {
    const entries = this.#entries
    const entry = entries[0] as HeapEntry<T>
    let at = 0
    for (;;) {
      let child = at * 2 + 1
      if (child >= entries.length) break
      if (child + 1 < entries.length && compare(entries[child + 1] as HeapEntry<T>, entries[child] as HeapEntry<T>) < 0) child++
      if (compare(entries[child] as HeapEntry<T>, entry) >= 0) break
      entries[at] = entries[child] as HeapEntry<T>
      at = child
    }
    entries[at] = entry
  }
}

function compare(a: HeapEntry<unknown>, b: HeapEntry<unknown>): number {
  return a.dueMs - b.dueMs || a.order - b.order
}
