/**
 * An instance that a worker has locked: during a turn, and between two turns as long as activities of it run here or their results wait here. Kept in memory; what a crash would lose of it is only that.
 * Invariants: the row of the instance has this worker as owner; a result that waits here has its activity in the file, locked by this worker.
 */
import { activityAnswer, type Delivered, type TaskCompletedEvent, type TaskFailedEvent } from '@dtfx/core/provider'

/** An activity as its result remembers it. */
export interface AnsweredActivity {
  /** Of its row. */
  readonly arrival: number
  readonly delivered: Delivered
}

export class InstanceSession {
  /** Activities of it that this worker runs. */
  readonly running = new Set<AnsweredActivity>()
  /** Results that no turn has settled. */
  answers: HeldAnswer[] = []
  /** The turn in progress. */
  item: object | undefined
  /** Messages wait for it in the file. */
  hasMessages = false

  constructor(
    readonly key: number,
    readonly instanceId: string,
    /** Commits so far: the version. */
    public number: number,
    public executionId: string | undefined,
  ) {}

  get version(): string {
    return `${this.key}.${this.number}`
  }

  /** A turn could begin. */
  get isReady(): boolean {
    return this.item === undefined && (this.hasMessages || this.answers.length > 0)
  }

  /** Nothing keeps it here. */
  get isIdle(): boolean {
    return this.item === undefined && this.running.size === 0 && this.answers.length === 0
  }
}

/** The result of an activity that ran here, on its way to the next turn. Its activity is deleted by the commit that has the result; until then, a crash makes it run again. */
export class HeldAnswer {
  #deliveries = 0

  constructor(
    readonly activity: AnsweredActivity,
    readonly answer: TaskCompletedEvent | TaskFailedEvent,
    readonly enqueuedAt: string,
  ) {}

  handOut(): Delivered {
    const { id, replyTo, message } = activityAnswer(this.activity.delivered, this.answer)
    return { id, replyTo, message, deliveryCount: ++this.#deliveries, faultCount: 0, enqueuedAt: this.enqueuedAt, receipt: this }
  }
}
