/** What goes into the preparation of a turn, and what comes out of it. Plain data. */
import type { Ticks } from '../base/ticks.js'
import type { RuntimeState } from '../engine/runtime-state.js'
import type { ExecutionRewoundEvent, ExecutionStartedEvent, HistoryEvent } from '../model/events.js'
import type { InstanceState } from '../model/instance.js'
import type { MessageId } from '../model/message.js'
import type { CommitDiscipline } from '../provider/capabilities.js'
import type { ConsumedIds, Delivered, Settlement } from '../provider/work-items.js'

export interface TurnInputs {
  readonly instanceId: string
  /** The history of the stored execution, folded; undefined when none is stored. */
  readonly runtime: RuntimeState | undefined
  /** Some history is stored, even if only of an execution that is out of date. */
  readonly hasHistory: boolean
  readonly state: InstanceState | undefined
  readonly consumedIds: ConsumedIds
  /** In which order the store makes a checkpoint durable. */
  readonly commit: CommitDiscipline
  readonly messages: readonly Delivered[]
  readonly now: Ticks
}

export type TurnKind =
  /** Nothing to run: only settle the messages. */
  | 'settle'
  /** Run the code of the stored or the started execution. */
  | 'run'
  /** A pending instance is terminated before it ever ran. */
  | 'terminate-pending'
  | 'rewind'

export interface SetAside {
  readonly message: Delivered
  readonly reason: string
}

export interface PreparedTurn {
  readonly kind: TurnKind
  /** Events to append, in order; an ExecutionStarted first. */
  readonly admitted: readonly HistoryEvent[]
  readonly settlements: readonly Settlement[]
  /** Absent: unchanged. */
  readonly consumedIds?: ConsumedIds | undefined
  /** Of the consumed ids: those whose messages are deleted with this item. */
  readonly deletes: readonly MessageId[]
  /** The stored history gives way to that of the started execution. */
  readonly replaces: boolean
  /** Starts that were refused because the id is in use: their parents are told. */
  readonly refusedStarts: readonly { readonly start: ExecutionStartedEvent; readonly messageId: MessageId }[]
  readonly rewind?: ExecutionRewoundEvent | undefined
  /** The parent may not have been ready for the answer of the finished execution, and gets it once more. */
  readonly answerAgain: boolean
  /** The parent's message that asks for it, if that is what the answer has to name. */
  readonly asked?: ExecutionRewoundEvent | undefined
  /** Messages without effect, for the log. */
  readonly discarded: readonly SetAside[]
  /** Messages nobody can understand, for the log. */
  readonly quarantined: readonly SetAside[]
}
