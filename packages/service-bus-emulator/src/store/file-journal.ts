/**
 * Keeps the changes of a broker in a file, and knows which of them still matter, so that the file can be shortened.
 * Invariants: a change is in the file before a client is answered; changes that belong together are one line, so that a crash keeps all or none; what matters is what a restart needs and no more.
 */
import type { Change, Journal } from '../broker/journal.js'
import type { Clock } from '../clock/clock.js'
import { decodeChange, encodeChange } from './change-codec.js'
import { LogFile } from './log-file.js'

/** A file is shortened when it is this large and at least this many times larger than what matters in it. */
const minCompactionBytes = 1024 * 1024
const compactionFactor = 4

interface Entry {
  readonly text: string
  /** When it no longer matters. */
  readonly untilMs: number
}

export class FileJournal implements Journal {
  /** By what a later change replaces. */
  readonly #live = new Map<string, Entry>()
  readonly #lastSequenceNumbers = new Map<string, number>()
  readonly #file: LogFile
  #liveBytes = 0
  #depth = 0
  #batch: string[] = []

  constructor(
    path: string,
    readonly clock: Clock,
    readonly log: ((line: string) => void) | undefined,
  ) {
    const { file, texts } = LogFile.open(path, log)
    this.#file = file
    for (const text of texts) for (const change of JSON.parse(text) as unknown[]) this.#apply(decodeChange(JSON.stringify(change)), JSON.stringify(change))
  }

  /** Everything a broker needs to go on, in the order it needs it. */
  *changes(): Iterable<Change> {
    const kinds: readonly Change['kind'][] = ['queue', 'message', 'session-state', 'seen']
    const live = [...this.#live.values()].map(({ text }) => decodeChange(text))
    for (const kind of kinds) {
      const changes = live.filter((change) => change.kind === kind)
      if (kind === 'message') changes.sort((a, b) => sequenceNumberOf(a) - sequenceNumberOf(b))
      yield* changes
    }
    for (const [queue, lastSequenceNumber] of this.#lastSequenceNumbers) yield { kind: 'sequence', queue, lastSequenceNumber }
  }

  write(change: Change): void {
    const text = encodeChange(change)
    this.#apply(change, text)
    this.#batch.push(text)
    if (this.#depth === 0) this.#flush()
  }

  atomically<T>(action: () => T): T {
    this.#depth++
    try {
      return action()
    } finally {
      this.#depth--
      if (this.#depth === 0) this.#flush()
    }
  }

  close(): void {
    this.#file.close()
  }

  #flush(): void {
    if (this.#batch.length === 0) return
    const batch = this.#batch
    this.#batch = []
    this.#file.append(`[${batch.join(',')}]`)
    if (this.#file.sizeBytes > minCompactionBytes && this.#file.sizeBytes > compactionFactor * this.#liveBytes) this.#compact()
  }

  #compact(): void {
    const nowMs = this.clock.nowMs()
    for (const [key, { untilMs }] of this.#live) if (untilMs <= nowMs) this.#delete(key)
    const before = this.#file.sizeBytes
    this.#file.replace(this.#snapshot())
    this.log?.(`${this.#file.path}: shortened from ${before} to ${this.#file.sizeBytes} bytes`)
  }

  *#snapshot(): Iterable<string> {
    for (const [queue, lastSequenceNumber] of this.#lastSequenceNumbers) yield `[${encodeChange({ kind: 'sequence', queue, lastSequenceNumber })}]`
    for (const { text } of this.#live.values()) yield `[${text}]`
  }

  #apply(change: Change, text: string): void {
    switch (change.kind) {
      case 'queue':
        return this.#set(`queue ${change.settings.name.toLowerCase()}`, text)
      case 'queue-gone':
        return this.#deleteQueue(change.queue)
      case 'message':
        this.#raise(change.queue, change.message.sequenceNumber)
        return this.#set(`message ${change.message.sequenceNumber} ${change.queue}`, text)
      case 'message-gone':
        return this.#delete(`message ${change.sequenceNumber} ${change.queue}`)
      case 'session-state': {
        const key = `state ${change.queue.length} ${change.queue} ${change.sessionId}`
        return change.state === undefined ? this.#delete(key) : this.#set(key, text)
      }
      case 'seen':
        return this.#set(`seen ${change.queue.length} ${change.queue} ${change.messageId}`, text, change.untilMs)
      case 'sequence':
        return this.#raise(change.queue, change.lastSequenceNumber)
    }
  }

  #raise(queue: string, sequenceNumber: number): void {
    if (sequenceNumber > (this.#lastSequenceNumbers.get(queue) ?? 0)) this.#lastSequenceNumbers.set(queue, sequenceNumber)
  }

  #set(key: string, text: string, untilMs = Number.POSITIVE_INFINITY): void {
    this.#delete(key)
    this.#live.set(key, { text, untilMs })
    this.#liveBytes += text.length
  }

  #delete(key: string): void {
    const entry = this.#live.get(key)
    if (entry === undefined) return
    this.#live.delete(key)
    this.#liveBytes -= entry.text.length
  }

  #deleteQueue(queue: string): void {
    const names = new Set([queue, `${queue}/$DeadLetterQueue`])
    for (const [key, { text }] of this.#live) {
      const change = decodeChange(text)
      if (names.has('queue' in change ? change.queue : change.settings.name)) this.#delete(key)
    }
    for (const name of names) this.#lastSequenceNumbers.delete(name)
  }
}

const sequenceNumberOf = (change: Change): number => (change.kind === 'message' ? change.message.sequenceNumber : 0)
