/**
 * What a worker knows of the state of a session that it holds: read once, written by each commit, and completed by the instance store for what has come to its end or has not begun.
 *
 * Invariants:
 * 1. After a write of unknown result the state is read again before anything else.
 * 2. Before anything of an instance is given to a turn, what an earlier commit left unsent is sent.
 * 3. Reads, writes and what is sent come one after the other: a read beside a write would bring back what was there before it, and what is sent twice at once would be sent twice.
 */
import { isFinal, type Delivered, type InstanceSnapshot, type InstanceVersion, type LocalReservation } from '@dtfx/core/provider'
import type { StoredInstance } from '../tracking/instance-store.js'
import { isNewerClaim } from '../tracking/instance-row.js'
import type { HeldSession } from './held-session.js'
import { isNothing, isOver, nothingStored, versionOf, type StoredSession } from './session-state.js'

export interface RecoverOptions {
  readonly reserved?: LocalReservation | undefined
  /** An input stays: what the tracking store is to be told may wait a moment. Default: one of an earlier turn has stayed. */
  readonly holdsBack?: boolean | undefined
}

export class SessionView {
  #stored: StoredSession | undefined
  /** What the instance store says where the session says nothing. */
  #fromStore: { readonly snapshot: InstanceSnapshot; readonly sequence: number } | undefined
  #rowSequence = 0
  /** This worker counted a turn that may kill its process. */
  #isSuspect = false
  #isWrittenHere = false
  #last: Promise<unknown> = Promise.resolve()

  constructor(readonly session: HeldSession) {}

  /** The instance came to its end in this process, and the state only waits for the tracking store. */
  get isFinishedHere(): boolean {
    return this.#isWrittenHere && this.#stored !== undefined && isOver(this.#stored) && this.session.host.parts.store !== undefined
  }

  /** Number for the next commit. */
  get nextSequence(): number {
    return Math.max(this.#stored?.sequence ?? 0, this.#rowSequence) + 1
  }

  /** Of what the next commit is built on. */
  get version(): InstanceVersion | undefined {
    return this.#fromStore?.snapshot.version ?? (this.#stored === undefined ? undefined : versionOf(this.#stored))
  }

  /** The base of the next commit, events and all. */
  get base(): Pick<StoredSession, 'events' | 'eventsJson' | 'state' | 'consumedIds'> & { readonly stored: StoredSession } {
    const stored = this.#stored ?? nothingStored
    const { snapshot } = this.#fromStore ?? {}
    if (snapshot === undefined) return { ...stored, stored }
    return { events: [], eventsJson: '', state: snapshot.state, consumedIds: snapshot.consumedIds, stored }
  }

  /** The state as stored, with its outbox sent. @throws what a port may throw */
  recover(options: RecoverOptions = {}): Promise<StoredSession> {
    return this.#next(() => this.#recover(options))
  }

  #next<T>(act: () => Promise<T>): Promise<T> {
    const run = this.#last.then(act)
    this.#last = run.catch(() => {})
    return run
  }

  async #recover({ reserved, holdsBack }: RecoverOptions): Promise<StoredSession> {
    const { session } = this
    session.check()
    if (this.#stored === undefined) {
      this.#stored = await session.host.parts.sessions.read(session.link, session.instanceId)
      session.outbox.loaded()
    }
    const stored = this.#stored
    const isLeftOver = session.outbox.look(stored, session.sequences())
    const { instanceId } = session
    const sent = await session.outbox.flush(stored, { instanceId, isLocal: (id) => session.isLocal(id), reserved, holdsBack: holdsBack ?? session.retained !== undefined })
    if (isLeftOver) session.host.parts.log.finished(instanceId, sent)
    return stored
  }

  async load(messages: readonly Delivered[], known: InstanceVersion | undefined): Promise<InstanceSnapshot | 'unchanged'> {
    const { store } = this.session.host.parts
    const starts = messages.some(({ message }) => message.event.type === 'ExecutionStarted')
    // Nobody clears the state while the session is held here, so that the two are of one time.
    const reading = starts ? store?.read(this.session.instanceId) : undefined
    reading?.catch(() => {})
    const stored = await this.recover()
    this.#fromStore = undefined
    if (store !== undefined && (starts || isNothing(stored))) {
      const row = await (reading ?? store.read(this.session.instanceId))
      this.#rowSequence = row?.sequence ?? 0
      if (isNothing(stored)) return this.#ofStore(stored, row, messages)
      if (row !== undefined && stored.state !== undefined && isNewerClaim(row, stored.state, stored.consumedIds)) return { ...snapshotOf(stored), state: row.state }
    }
    return known !== undefined && known === versionOf(stored) ? 'unchanged' : snapshotOf(stored)
  }

  /** Writes a commit. After an error nobody knows which state is stored: it is read again. */
  write(next: StoredSession): Promise<void> {
    return this.#next(() => this.#write(next))
  }

  async #write(next: StoredSession): Promise<void> {
    const { session } = this
    const before = this.#stored ?? nothingStored
    this.#stored = undefined
    this.#stored = await session.host.parts.sessions.write(session.link, next, before)
    this.#fromStore = undefined
    this.#isSuspect = false
    this.#isWrittenHere = true
    session.outbox.written()
  }

  /** Nothing of it is needed any more. */
  clear(): Promise<void> {
    return this.#next(() => this.#clear())
  }

  async #clear(): Promise<void> {
    const { session } = this
    const before = this.#stored ?? nothingStored
    this.#stored = undefined
    await session.host.parts.sessions.clear(session.link, before)
    this.#stored = nothingStored
    this.#isWrittenHere = false
  }

  /** Clears the state if it is still that of this commit, which ended the instance. False: inputs of it are not completed yet, or it has just been written. */
  async clearIf(sequence: number): Promise<boolean> {
    const stored = await this.recover()
    if (!isOver(stored) || stored.sequence !== sequence) return true
    if (!this.#isWrittenHere && (await this.session.link.hasAny(stored.inputs))) return false
    // A turn that began meanwhile may have written another one, or is about to.
    return this.#next(async () => {
      if (this.#stored !== stored) return false
      await this.#clear()
      return true
    })
  }

  /** Durable, and no commit: version and outbox stay. */
  async markSuspect(): Promise<number> {
    const stored = await this.recover()
    const suspicions = stored.suspicions + 1
    await this.#rewrite({ ...stored, suspicions })
    this.#isSuspect = true
    return suspicions
  }

  /** A turn came to its end without a commit. */
  async clearSuspicion(): Promise<void> {
    if (!this.#isSuspect) return
    this.#isSuspect = false
    const stored = await this.recover()
    if (isNothing(stored) && stored.outbox.length === 0) await this.clear()
    else await this.#rewrite({ ...stored, suspicions: 0 })
  }

  #rewrite(stored: StoredSession): Promise<void> {
    const { session } = this
    return this.#next(async () => {
      const before = this.#stored ?? nothingStored
      this.#stored = undefined
      this.#stored = await session.host.parts.sessions.write(session.link, stored, before)
    })
  }

  /** The instance has not begun, has come to its end, or was never there. */
  async #ofStore(stored: StoredSession, row: StoredInstance | undefined, messages: readonly Delivered[]): Promise<InstanceSnapshot> {
    const { store } = this.session.host.parts
    if (row === undefined || store === undefined) return snapshotOf(stored)
    const isAsked = isFinal(row.state.status) && messages.some(({ message }) => message.event.type === 'ExecutionRewound')
    const history = isAsked ? await store.historyOf(row) : []
    const snapshot = { version: `row.${row.sequence}`, state: row.state, history, consumedIds: row.consumedIds }
    this.#fromStore = { snapshot, sequence: row.sequence }
    return snapshot
  }
}

function snapshotOf(stored: StoredSession): InstanceSnapshot {
  const { state, events, consumedIds } = stored
  return { version: versionOf(stored), ...(state === undefined ? undefined : { state }), history: events.slice(), consumedIds }
}
