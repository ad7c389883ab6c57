/** One session of a queue: its messages in order, its state, and who holds it. */
import type { CancelTimer } from '../clock/clock.js'
import type { Lock } from './lock-table.js'
import type { StoredMessage } from './message.js'
import type { Receiver } from './receiver.js'
import { SequenceList } from './sequence-list.js'

export class Session {
  state: Uint8Array | undefined
  /** Everything of this session in any state, by sequence number, in order. */
  readonly messages = new Map<number, StoredMessage>()
  readonly ready = new SequenceList()
  /** Locks of messages that were delivered to the holder. */
  readonly locks = new Set<Lock>()
  holder: Receiver | undefined
  lockedUntilMs = 0
  updatedAtMs = 0
  cancelExpiry: CancelTimer | undefined

  constructor(readonly id: string) {}

  /** Nothing is lost when it is forgotten. */
  get isEmpty(): boolean {
    return this.messages.size === 0 && this.state === undefined && this.holder === undefined
  }
}
