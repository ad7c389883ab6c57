/**
 * A session of the orchestrator queue that this worker holds: the messages of one instance, its state, and the turn in progress.
 *
 * Invariants:
 * 1. One item at a time; messages that arrive meanwhile make the next one.
 * 2. As long as the session is held nobody else can write its state: what was read or written here is the state.
 * 3. The session is given back when nothing is to be done here. While local activities run it stays, and with it one input, which is what makes others look when this process dies.
 * 4. Once the session is lost nothing is written any more.
 */
import type { ServiceBusReceivedMessage } from '@azure/service-bus'
import { addMs, deferred, LocalWork, LockLostError, sleep, type InstanceId, type LocalCompletion, type Ticks } from '@dtfx/core/provider'
import { OutboxBackup } from './outbox-backup.js'
import { maxFailedDeliveries, type SessionLink } from '../bus/session-link.js'
import { copyOf } from '../messages/bus-message.js'
import { receivedMessage, type Received } from '../messages/message-receiver.js'
import type { OrchestrationItem } from './orchestration-item.js'
import { ReceivedMessage } from './received-message.js'
import type { SessionHost } from './session-host.js'
import { SessionOutbox } from './session-outbox.js'
import { SessionView } from './session-view.js'

/** Messages that are here and not settled, at most. */
const maxUnsettled = 512
/** What cannot be done with a message just now, its blob read or its copy sent, is tried again. */
const pauseMs = 5_000
/** For a session without a message that can be taken. */
const idleMs = 2_000
/** How long the session of a finished instance is kept for the tracking store to say so. */
const finishedMs = 3_000

export class HeldSession {
  waiting: ReceivedMessage[] = []
  item: OrchestrationItem | undefined
  /** Input of an earlier turn that stays for the sake of local activities. */
  retained: ReceivedMessage | undefined
  /** In the list of those with work. */
  isQueued = false
  readonly view: SessionView
  readonly outbox: SessionOutbox
  #local: LocalWork | undefined
  #instanceId: InstanceId | undefined
  #intake: Promise<void> = Promise.resolve()
  #isClosing = false
  readonly #lost = new AbortController()
  #cancelIdle: (() => void) | undefined
  #isTelling = false

  constructor(
    readonly host: SessionHost,
    readonly link: SessionLink,
  ) {
    this.outbox = new SessionOutbox(host.parts)
    this.view = new SessionView(this)
    link.onLost = () => this.#onLost()
    link.receive(maxUnsettled, (raw) => {
      const room = deferred<void>()
      this.#intake = this.#intake.then(() => this.#take(raw, room.resolve))
      return room.promise
    })
    this.#closeAfter(idleMs)
  }

  /** As its messages say it: the broker may have changed the case. */
  get instanceId(): InstanceId {
    return this.#instanceId ?? this.link.sessionId
  }

  get isHeld(): boolean {
    return this.link.isHeld && !this.#isClosing
  }

  get lost(): AbortSignal {
    return this.#lost.signal
  }

  get lockedUntil(): Ticks {
    const { clock } = this.host.parts.host
    return addMs(clock.nowTicks(), this.link.deadlineMs - clock.monotonicMs()) ?? clock.nowTicks()
  }

  get hasWork(): boolean {
    return this.waiting.length > 0 || this.#local?.hasResults === true
  }

  /** Activities of it run here, or their results wait here. */
  get hasLocalWork(): boolean {
    return this.#local?.isBusy === true
  }

  get localWork(): LocalWork | undefined {
    return this.#local
  }

  /** The local activities of the instance, made when there are none. */
  obtainLocalWork(): LocalWork {
    return (this.#local ??= new LocalWork(this.host.local, this.#owner()))
  }

  /** Runs here, or its result is here: with the turn in progress, or waiting for one. */
  isLocal(id: string): boolean {
    return this.#local?.has(id) === true || this.item?.completions.some(({ activity }) => activity.delivered.id === id) === true
  }

  takeCompletions(): LocalCompletion[] {
    return this.#local?.take() ?? []
  }

  /** Sequence numbers of all messages that are here. */
  *sequences(): Iterable<string> {
    for (const message of this.waiting) yield message.sequence
    for (const message of this.item?.taken ?? []) yield message.sequence
    if (this.retained !== undefined) yield this.retained.sequence
  }

  /** Extends the lock. @throws LockLostError, and what a port may throw */
  async renew(): Promise<void> {
    this.check()
    await this.link.renew()
  }

  /** During a turn that is the worker's to do: one that was given up must come to its end. */
  async renewAtRest(): Promise<void> {
    if (this.item === undefined && this.isHeld) await this.renew()
  }

  /** @throws LockLostError */
  check(): void {
    if (this.link.isHeld && this.host.parts.host.clock.monotonicMs() > this.link.deadlineMs) this.link.lose()
    if (!this.isHeld) throw new LockLostError(`orchestration '${this.instanceId}'`)
  }

  /** An item ended. What it did not settle waits for the next one. */
  giveBack(item: OrchestrationItem): void {
    if (this.item !== item) return
    this.item = undefined
    const open = item.taken.filter((message) => message.holder === item)
    for (const message of open) message.holder = undefined
    this.waiting = [...open, ...this.waiting]
    const results = item.completions.filter((completion) => completion.holder === item)
    if (results.length > 0) this.obtainLocalWork().giveBack(results)
    this.host.itemEnded()
    void this.rest()
  }

  /** Nobody is at work on it: it goes on, waits, or is given back. Never rejects. */
  async rest(): Promise<void> {
    if (!this.isHeld || this.item !== undefined) return
    this.#tellInTime()
    if (this.hasWork) return this.host.enqueue(this)
    if (this.hasLocalWork) return
    if (this.view.isFinishedHere && !this.host.isStopping && this.retained === undefined) return this.#closeAfter(finishedMs)
    await this.close()
  }

  /** Gives the session back; messages that are not settled are there for others. Never rejects. */
  async close(): Promise<void> {
    if (!this.isHeld || this.item !== undefined) return
    const { retained } = this
    if (retained !== undefined) {
      this.retained = undefined
      try {
        await this.view.recover({ holdsBack: false })
        await this.link.complete(retained.raw)
        retained.settled()
      } catch {
        // It comes again, and with it whoever looks at the outbox.
      }
      if (!this.isHeld || this.item !== undefined) return
      if (this.hasWork && !this.host.isStopping) return this.host.enqueue(this)
    }
    this.#isClosing = true
    this.#cancelIdle?.()
    this.host.ended(this)
    await this.link.close()
  }

  /** The tracking store has the end of the instance: its state is not needed any more. False: inputs of it are still here; what it sends may not be sent. @throws what a port may throw */
  async forget(sequence: number): Promise<boolean> {
    if (!(await this.#itemEnds())) return false
    if (!this.isHeld) throw new LockLostError(`session '${this.instanceId}'`)
    if (this.waiting.length > 0 || !(await this.view.clearIf(sequence))) return false
    if (this.item === undefined && !this.hasWork) await this.close()
    return true
  }

  /** False: not within the time, or there is another one. */
  async #itemEnds(): Promise<boolean> {
    if (this.item === undefined) return true
    const over = new AbortController()
    await Promise.race([this.item.ended, sleep(this.host.parts.host.clock, idleMs, over.signal)])
    over.abort()
    return this.item === undefined || !this.isHeld
  }

  async #take(raw: ServiceBusReceivedMessage, settled: () => void): Promise<void> {
    const received = await this.#read(raw)
    if (received === undefined || !this.link.isHeld) return settled()
    const setAside = received.kind === 'unreadable' ? received : received.content.setAside
    if (setAside !== undefined) {
      this.host.parts.log.setAside(this.host.parts.names.orchestratorQueue, String(raw.messageId), setAside.reason)
      await this.link.deadLetter(raw, setAside.code, setAside.reason).catch(() => {})
      return settled()
    }
    if (received.kind === 'unreadable') return
    this.#cancelIdle?.()
    this.#instanceId ??= received.content.message.instance.instanceId
    const message = new ReceivedMessage(raw, received.content, settled)
    if ((raw.deliveryCount ?? 0) >= maxFailedDeliveries && this.item === undefined) return this.#renewMessage(message)
    this.waiting.push(message)
    if (this.item === undefined) this.host.enqueue(this)
  }

  async #read(raw: ServiceBusReceivedMessage): Promise<Received | undefined> {
    const { blobs, host, log, names } = this.host.parts
    while (this.link.isHeld) {
      try {
        const read = receivedMessage(raw, blobs)
        return read instanceof Promise ? await read : read
      } catch (error) {
        log.failed(names.orchestratorQueue, error)
        await sleep(host.clock, pauseMs, this.lost)
      }
    }
    return undefined
  }

  /** The count of the broker begins anew. What the message proves about the outbox goes with it, so that is sent first. */
  async #renewMessage(message: ReceivedMessage): Promise<void> {
    const { sender } = this.host.parts
    const { raw, content, deliveries } = message
    try {
      this.waiting.push(message)
      await this.view.recover()
      await sender.sendRaw('orchestrator', [copyOf(raw, content, { copy: sender.copyName(), faultCount: content.faultCount, deliveries })])
      await this.link.complete(raw)
    } catch (error) {
      this.host.parts.log.failed(this.host.parts.names.orchestratorQueue, error)
      await sleep(this.host.parts.host.clock, pauseMs, this.lost)
    } finally {
      this.waiting = this.waiting.filter((each) => each !== message)
      message.settled()
      void this.rest()
    }
  }

  #owner(): LocalWork['owner'] {
    const isHere = (): boolean => this.isHeld && !this.host.isStopping
    return {
      get isOwner() {
        return isHere()
      },
      onResult: () => {
        if (this.item === undefined) this.host.enqueue(this)
      },
    }
  }

  /** What the tracking store is to be told waits for the next commit, but not for long. */
  #tellInTime(atLeastMs = 0): void {
    const leftMs = this.outbox.holdBackLeftMs
    if (leftMs === undefined || this.#isTelling) return
    this.#isTelling = true
    const tell = (): void => {
      this.#isTelling = false
      if (!this.isHeld || this.item !== undefined || this.outbox.holdBackLeftMs === undefined) return
      this.view.recover({ holdsBack: false }).catch((error: unknown) => {
        this.host.parts.log.failed(this.host.parts.names.trackingQueue, error)
        this.#tellInTime(idleMs)
      })
    }
    this.host.parts.host.clock.setTimer(Math.max(leftMs, atLeastMs), tell, { keepAlive: false })
  }

  #closeAfter(delayMs: number): void {
    this.#cancelIdle?.()
    this.#cancelIdle = this.host.parts.host.clock.setTimer(
      delayMs,
      () => {
        if (!this.hasWork && !this.hasLocalWork) void this.close()
      },
      { keepAlive: false },
    )
  }

  #onLost(): void {
    this.#cancelIdle?.()
    this.host.parts.log.sessionLost(this.instanceId)
    this.item?.lose()
    this.#local?.forfeit()
    this.#lost.abort(new LockLostError(`session '${this.instanceId}'`))
    this.host.ended(this)
  }

  /** Nobody waits for what still runs here: it is told. */
  endLocalWork(): void {
    for (const { backup } of this.#local?.running ?? []) if (backup instanceof OutboxBackup) backup.abandonedByInstance()
  }
}
