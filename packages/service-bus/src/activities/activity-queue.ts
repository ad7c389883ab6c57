/**
 * Activities from the worker queue, for the calls that wait for one.
 * Invariants: nothing is fetched while nobody waits; what was fetched and finds nobody any more (a slot was taken by a local activity) is renewed for a while, and then put back.
 */
import { isFinal, type ActivitySlots, type ActivityWorkItem, type CancelTimer } from '@dtfx/core/provider'
import { WaitingCalls, type WaitingCall } from '@dtfx/azure-common'
import type { BusConnection } from '../bus/bus-connection.js'
import { FetchLoops, type Fetcher } from '../bus/fetch-loops.js'
import type { HubParts } from '../hub-parts.js'
import { copyOf } from '../messages/bus-message.js'
import { receivedMessage } from '../messages/message-receiver.js'
import type { ServiceBusReceivedMessage } from '@azure/service-bus'
import { ActivityItem, type ActivityHost } from './activity-item.js'
import { WorkerLink } from './worker-link.js'

/** The broker sets a message aside at its tenth delivery: before that it is replaced by a copy. Early, because that may fail too; there is no order here that it could disturb. */
const maxFailedDeliveries = 4
/** How long what was fetched waits for a slot. */
const waitForSlotMs = 2_000

type Slot = WaitingCall<ActivityWorkItem>

export class ActivityQueue implements ActivityHost {
  readonly #calls = new WaitingCalls<ActivityWorkItem>()
  readonly #connection: BusConnection
  readonly #loops: FetchLoops
  readonly #active = new Set<ActivityItem>()
  readonly #waiting: ActivityItem[] = []
  readonly #hosted: ReadonlySet<string> | undefined
  #cancelSweep: CancelTimer | undefined

  constructor(
    readonly parts: HubParts,
    hosted: readonly string[] | undefined,
    readonly onEnded: () => void,
  ) {
    this.#hosted = hosted === undefined ? undefined : new Set(hosted)
    this.#connection = parts.connect()
    this.#loops = new FetchLoops({
      host: parts.host,
      max: parts.settings.acceptors,
      open: () => this.#open(),
      hasDemand: () => this.#calls.length > 0,
      failed: (error) => parts.log.failed(parts.names.workerQueue, error),
    })
    this.#armSweep()
  }

  /** Slots for local activities: the calls that wait here. */
  readonly slots: ActivitySlots<Slot> = {
    take: (name) => (this.#hosted === undefined || this.#hosted.has(name) ? this.#calls.take(name) : undefined),
    giveBack: (slot) => {
      this.#calls.giveBack(slot)
      this.#pump()
    },
  }

  next(signal: AbortSignal, accept: readonly string[] | undefined): Promise<ActivityWorkItem> {
    const call = this.#calls.add(signal, accept)
    this.#pump()
    return call
  }

  get active(): ReadonlySet<ActivityItem> {
    return this.#active
  }

  /** Nothing more is handed out; what was not is put back. */
  async stop(reason: Error): Promise<void> {
    this.#calls.close(reason)
    await this.#loops.stop(reason)
    await Promise.all(this.#waiting.splice(0).map((item) => item.giveUp()))
  }

  /** After what is in progress has ended. */
  async close(): Promise<void> {
    this.#cancelSweep?.()
    await this.#connection.close()
  }

  async isInstanceGone(instanceId: string, executionId: string | undefined): Promise<boolean> {
    const { store } = this.parts
    if (store === undefined) return false
    const row = await store.read(instanceId, { payloads: false })
    return row !== undefined && (isFinal(row.state.status) || (executionId !== undefined && executionId !== row.state.executionId && row.state.status !== 'Pending'))
  }

  ended(item: ActivityItem): void {
    this.#active.delete(item)
    void item.link.done(item.raw)
    this.onEnded()
  }

  /** Each loop has a receiver of its own. One that ends may be entitled to a message, which would then be locked by nobody: it is closed. */
  #open(): Fetcher {
    const { host, names, settings } = this.parts
    let link: WorkerLink | undefined
    return {
      next: async (signal) => {
        if (link === undefined || link.isBroken) link = new WorkerLink(this.#connection, this.#connection.use(), names.workerQueue)
        const used = link
        const raw = await used.next(settings.acceptTimeout, signal)
        return raw === undefined ? undefined : () => this.#take(used, raw, host.clock.monotonicMs())
      },
      reset: async () => {
        await link?.close()
        link = undefined
      },
    }
  }

  async #take(link: WorkerLink, raw: ServiceBusReceivedMessage, receivedMs: number): Promise<void> {
    const { blobs, log, names, sender } = this.parts
    const received = await Promise.resolve(receivedMessage(raw, blobs)).catch((error: unknown) => {
      void link.done(raw)
      throw error
    })
    const setAside = received.kind === 'unreadable' ? received : received.content.setAside
    if (setAside !== undefined || received.kind === 'unreadable') {
      log.setAside(names.workerQueue, String(raw.messageId), setAside?.reason ?? '')
      return link.deadLetter(raw, setAside?.code ?? 'DTFX_POISON', setAside?.reason ?? '').finally(() => link.done(raw))
    }
    const { content } = received
    if ((raw.deliveryCount ?? 0) >= maxFailedDeliveries) {
      const copy = copyOf(raw, content, { copy: sender.copyName(), faultCount: content.faultCount, deliveries: content.deliveries + (raw.deliveryCount ?? 0) })
      return sender.sendRaw('worker', [copy]).then(() => link.complete(raw)).finally(() => link.done(raw))
    }
    const item = new ActivityItem(this, link, raw, content, receivedMs)
    this.#active.add(item)
    this.#waiting.push(item)
    this.#pump()
    if (this.#waiting.includes(item)) this.#putBackLater(item)
  }

  #pump(): void {
    while (this.#waiting.length > 0 && this.#calls.length > 0) {
      const item = this.#waiting.shift()
      if (item?.isHeld === true) this.#calls.take()?.resolve(item)
    }
    this.#loops.wake()
  }

  #putBackLater(item: ActivityItem): void {
    this.parts.host.clock.setTimer(
      waitForSlotMs,
      () => {
        const place = this.#waiting.indexOf(item)
        if (place < 0) return
        this.#waiting.splice(place, 1)
        void item.giveUp()
      },
      { keepAlive: false },
    )
  }

  #armSweep(): void {
    const { clock } = this.parts.host
    this.#cancelSweep = clock.setTimer(
      this.parts.settings.lockDuration / 4,
      () => {
        for (const item of this.#waiting) if (!item.isFresh) void item.renewLock().catch(() => {})
        this.#armSweep()
      },
      { keepAlive: false },
    )
  }
}
