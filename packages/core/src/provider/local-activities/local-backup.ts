/** What the store keeps of a local activity while it runs here, so that a crash of this process loses nothing: a hidden message, a locked row, an entry of an outbox. The provider's part. */
import type { TaskCompletedEvent, TaskFailedEvent } from '../../model/events.js'
import type { ActivityWorkItem, Settlement } from '../work-items.js'

export type ActivityAnswer = TaskCompletedEvent | TaskFailedEvent

/** What becomes of the answer of an activity, when it is sent as a message of its own. */
export type AnswerSettlement = Omit<Settlement, 'receipt'>

/**
 * An activity that this process had locked before anybody else could see it: a work item like any other, with which a few more things can be done.
 * Its `complete` is the ordinary way: send the answer to the instance, then delete the stored message.
 */
export interface LocalBackup extends ActivityWorkItem {
  /** False once its lock is lost or it is settled. */
  readonly isHeld: boolean
  /** To be called once, when it ends. Set by the piece that runs it. */
  onEnded: (() => void) | undefined
  /** Deletes the stored message without an answer, if it is still held; done twice does nothing more. */
  delete(): Promise<void>
  /** Sends the answer as a message of its own, and settles that. The stored message stays. */
  sendSettled(answer: ActivityAnswer, settlement: AnswerSettlement): Promise<void>
  /** Lets go of it without a write: `lost` aborts, and the store gives it to somebody when its lock has run out. */
  lose(): void
}
