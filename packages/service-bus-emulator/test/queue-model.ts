/** What a queue with sessions is expected to be, as simply as it can be said: a list of messages per session, who holds which session until when, and the dead. */

export type ModelState = 'active' | 'locked' | 'deferred' | 'scheduled'

export interface ModelMessage {
  sequenceNumber: number
  readonly body: number
  readonly sessionId: string
  state: ModelState
  deliveryCount: number
  dueMs: number
}

export interface ModelHold {
  readonly sessionId: string
  untilMs: number
}

export const lockMs = 30_000
export const maxDeliveries = 3

export class QueueModel {
  messages: ModelMessage[] = []
  readonly dead: number[] = []
  readonly states = new Map<string, string>()
  readonly holds = new Set<ModelHold>()
  #lastSequenceNumber = 0

  constructor(public nowMs: number) {}

  send(sessionId: string, body: number): void {
    this.messages.push({ sequenceNumber: ++this.#lastSequenceNumber, body, sessionId, state: 'active', deliveryCount: 0, dueMs: 0 })
  }

  schedule(sessionId: string, body: number, afterMs: number): void {
    this.messages.push({ sequenceNumber: ++this.#lastSequenceNumber, body, sessionId, state: 'scheduled', deliveryCount: 0, dueMs: this.nowMs + afterMs })
  }

  isHeld(sessionId: string): boolean {
    return [...this.holds].some((hold) => hold.sessionId === sessionId)
  }

  /** Sessions that the next free receiver could get. */
  available(): Set<string> {
    return new Set(this.messages.filter(({ state, sessionId }) => state === 'active' && !this.isHeld(sessionId)).map(({ sessionId }) => sessionId))
  }

  accept(sessionId: string): ModelHold {
    const hold = { sessionId, untilMs: this.nowMs + lockMs }
    this.holds.add(hold)
    return hold
  }

  next(hold: ModelHold): ModelMessage | undefined {
    return this.#inOrder().find(({ sessionId, state }) => sessionId === hold.sessionId && state === 'active')
  }

  remove(message: ModelMessage): void {
    this.messages = this.messages.filter((other) => other !== message)
  }

  bury(message: ModelMessage): void {
    this.remove(message)
    this.dead.push(message.body)
  }

  /** A delivery failed; the message goes back to `state`, or to the dead. */
  fail(message: ModelMessage, state: ModelState): void {
    message.state = state
    if (++message.deliveryCount >= maxDeliveries) this.bury(message)
  }

  /** The holder gives its session back, or loses it. `deferred`: messages it had taken from there. */
  release(hold: ModelHold, isLost: boolean, deferred: ReadonlySet<ModelMessage>): void {
    this.holds.delete(hold)
    for (const message of this.messages.filter(({ sessionId, state }) => sessionId === hold.sessionId && state === 'locked')) {
      const state = deferred.has(message) ? 'deferred' : 'active'
      if (isLost) this.fail(message, state)
      else message.state = state
    }
  }

  /** Time goes on; the holds that ended. */
  advance(byMs: number): ModelHold[] {
    this.nowMs += byMs
    const due = this.#inOrder().filter(({ state, dueMs }) => state === 'scheduled' && dueMs <= this.nowMs)
    for (const message of due.sort((a, b) => a.dueMs - b.dueMs)) {
      message.state = 'active'
      message.sequenceNumber = ++this.#lastSequenceNumber
    }
    return [...this.holds].filter(({ untilMs }) => untilMs <= this.nowMs)
  }

  /** As somebody who peeks sees it. */
  shown(sessionId?: string): unknown[] {
    return this.#inOrder()
      .filter((message) => sessionId === undefined || message.sessionId === sessionId)
      .map(({ body, state, deliveryCount }) => [body, state === 'locked' ? 'active' : state, deliveryCount])
  }

  #inOrder(): ModelMessage[] {
    return [...this.messages].sort((a, b) => a.sequenceNumber - b.sequenceNumber)
  }
}
