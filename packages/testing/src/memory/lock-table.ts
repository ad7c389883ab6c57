/**
 * Locks of work items. One timer, set for the earliest deadline, serves them all.
 * Invariant: since every lock lasts equally long and a renewed one moves to the end, the list is in the order of deadlines. It is linked through the items: taking and dropping a lock
 * makes nothing and moves nothing.
 */
import { ticksFromMs, type CancelTimer, type Clock, type Ticks } from '@dtfx/core/provider'
import type { HeldItem, Holder } from './held-item.js'

export class LockTable {
  #first: HeldItem | undefined
  #last: HeldItem | undefined
  #cancelSweep: CancelTimer | undefined
  #textMs = Number.NaN
  #text: Ticks = ''
  /** Held items by kind. */
  readonly count = { orchestration: 0, activity: 0 }

  constructor(
    readonly clock: Clock,
    readonly timeoutMs: number | 'none',
  ) {}

  take(item: HeldItem): void {
    this.count[item.kind]++
    this.#append(item)
    if (this.timeoutMs === 'none') return
    item.deadlineMs = this.clock.monotonicMs() + this.timeoutMs
    if (this.#cancelSweep === undefined) this.#armSweep(this.timeoutMs)
  }

  renew(item: HeldItem): void {
    if (this.timeoutMs === 'none') return
    this.#remove(item)
    this.#append(item)
    item.deadlineMs = this.clock.monotonicMs() + this.timeoutMs
  }

  drop(item: HeldItem): void {
    this.#remove(item)
    if (!item.isParked) this.count[item.kind]--
  }

  /** Nobody works on it, but it stays locked. */
  park(item: HeldItem): void {
    if (item.isParked) return
    item.isParked = true
    this.count[item.kind]--
  }

  /** A deadline as wall-clock time; locks taken within one millisecond share the text. */
  deadlineText(deadlineMs: number): Ticks | undefined {
    if (this.timeoutMs === 'none') return undefined
    const ms = this.clock.nowMs() + Math.max(0, Math.floor(deadlineMs - this.clock.monotonicMs()))
    if (ms !== this.#textMs) {
      this.#textMs = ms
      this.#text = ticksFromMs(ms)
    }
    return this.#text
  }

  heldBy(holder: Holder): HeldItem[] {
    return this.#all().filter((item) => item.holder === holder)
  }

  /** Takes every lock away; `withMessages`: and nothing goes back into a queue. */
  loseAll(options: { readonly withMessages: boolean }): void {
    const held = this.#all()
    if (options.withMessages) for (const item of held) item.disown()
    for (const item of held) item.lose()
  }

  close(): void {
    this.#cancelSweep?.()
    this.#cancelSweep = undefined
  }

  #armSweep(delayMs: number): void {
    this.#cancelSweep = this.clock.setTimer(delayMs, () => this.#sweep(), { keepAlive: false })
  }

  #sweep(): void {
    this.#cancelSweep = undefined
    const nowMs = this.clock.monotonicMs()
    const expired: HeldItem[] = []
    let nextMs: number | undefined
    for (let item = this.#first; item !== undefined; item = item.nextHeld) {
      if (item.deadlineMs > nowMs) {
        nextMs = item.deadlineMs
        break
      }
      expired.push(item)
    }
    if (nextMs !== undefined) this.#armSweep(Math.max(1, nextMs - nowMs))
    for (const item of expired) item.lose()
  }

  #all(): HeldItem[] {
    const items: HeldItem[] = []
    for (let item = this.#first; item !== undefined; item = item.nextHeld) items.push(item)
    return items
  }

  #append(item: HeldItem): void {
    item.previousHeld = this.#last
    item.nextHeld = undefined
    if (this.#last === undefined) this.#first = item
    else this.#last.nextHeld = item
    this.#last = item
  }

  #remove(item: HeldItem): void {
    const { previousHeld, nextHeld } = item
    if (previousHeld === undefined) this.#first = nextHeld
    else previousHeld.nextHeld = nextHeld
    if (nextHeld === undefined) this.#last = previousHeld
    else nextHeld.previousHeld = previousHeld
    item.previousHeld = item.nextHeld = undefined
  }
}
