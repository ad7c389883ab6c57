/** What is injected into the broker: time, lock tokens, the store, and the editor of message contents. */
import type { Clock } from '../clock/clock.js'
import type { Journal } from './journal.js'
import type { ContentEditor } from './message.js'

export interface BrokerHost {
  readonly clock: Clock
  readonly journal: Journal
  readonly editor: ContentEditor
  /** 32 hexadecimal digits, unique in the life of the broker. */
  readonly newLockToken: () => string
  /** Called for what happens without a client asking for it: expiry, dead letters. */
  readonly log: ((line: string) => void) | undefined
}
