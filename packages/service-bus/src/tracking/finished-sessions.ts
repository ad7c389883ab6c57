/** Where the sessions of this process's workers are found: what has come to its end is cleared there without another look at the queue. */
import type { HeldSession } from '../sessions/held-session.js'

export interface FinishedSessions {
  /** Undefined: no worker of this process holds it. */
  find(sessionId: string): HeldSession | undefined
}
