/** What a test can let go wrong: by rule, or at once. */
import type { FaultRule, InjectedFault } from './fault-rule.js'

export interface FaultControls {
  /** Lets operations go wrong from now on. */
  inject(rule: FaultRule): InjectedFault
  /** Removes all rules. */
  clear(): void
  /** Breaks every connection at once. */
  dropConnections(): void
  /** Ends the lock of a session as its time would. */
  expireSession(queue: string, sessionId: string): void
  /** Ends all locks of messages of a queue without sessions as their time would. */
  expireLocks(queue: string): void
  /** Closes links on which nothing happened for so long; default: all. Returns how many. */
  closeIdleLinks(idleForMs?: number): number
  /** From now on session ids are put into lower case, or not. */
  lowerCaseSessionIds(isOn: boolean): void
}
