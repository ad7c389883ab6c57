/** What the sessions of one worker need of it. */
import type { LocalActivities, LocalReservation, OutboundMessage } from '@dtfx/core/provider'
import type { HubParts } from '../hub-parts.js'
import type { HeldSession } from './held-session.js'

export interface SessionHost {
  readonly parts: HubParts
  readonly local: LocalActivities
  /** No further turn begins here: results of local activities go the ordinary way. */
  readonly isStopping: boolean
  reserve(outbound: readonly OutboundMessage[]): LocalReservation
  /** It has work for a turn, and nobody is at it. */
  enqueue(session: HeldSession): void
  /** It was closed or lost. */
  ended(session: HeldSession): void
  /** An item of it was given back or lost. */
  itemEnded(): void
}
