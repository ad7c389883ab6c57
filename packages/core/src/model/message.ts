/** Messages: a history event on its way to an instance or to an activity worker. */
import type { HistoryEvent } from './events.js'
import type { OrchestrationInstance, Tags } from './instance.js'

/** Identity of a message: the same for every re-send of the same decision, different for any other. */
export type MessageId = string

/** Id of the answer to a scheduled message: the same whenever and wherever the answer is made. */
export function replyMessageId(scheduled: MessageId): MessageId {
  return `re:${scheduled}`
}

export interface TaskMessage {
  readonly event: HistoryEvent
  /** Target. An `executionId` restricts delivery to that execution; without one any accepts it. */
  readonly instance: OrchestrationInstance
  /** Tags of the orchestration that sent it; activities see them. */
  readonly orchestrationTags?: Tags | undefined
  readonly extra?: Readonly<Record<string, unknown>> | undefined
}
