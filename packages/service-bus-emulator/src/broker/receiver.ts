/** A link over which a client receives, as the broker sees it. Implemented by the front. */
import type { Lock } from './lock-table.js'
import type { StoredMessage } from './message.js'
import type { Session } from './session.js'

export interface Receiver {
  /** The name of the link; requests of a session name it. */
  readonly name: string
  /** Messages are gone once delivered. */
  readonly deletesOnReceipt: boolean
  /** Whether the client asked for another message. */
  wantsMessage(): boolean
  deliver(message: StoredMessage, lock: Lock | undefined): void
  /** A session is locked for this receiver from now on. */
  sessionGranted(session: Session): void
  /** The session was taken away; the link cannot be used any more. */
  sessionLost(sessionId: string): void
}
