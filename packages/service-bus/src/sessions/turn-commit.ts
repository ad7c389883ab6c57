/**
 * The commit of a turn: the state with everything that is to be sent, in one write; then what is to be sent; then the inputs are completed.
 *
 * Invariants:
 * 1. The write is the commit point. Nothing of a turn is sent before it; whoever gets the session after a crash behind it sends the outbox.
 * 2. Run again after an error it goes on where it stopped. A write of unknown result is looked for in the state, which is read again: found there, it is made.
 * 3. Local activities stay in the outbox and begin when all else is sent. An input stays with them, always the newest one: its id is still among those that are known when it comes again, however many were consumed meanwhile. As long as
 *    one stays, what the tracking store is to be told may wait for the next commit.
 */
import { isFinal, LocalCompletion, type Checkpoint, type CommitResult, type InstanceState, type InstanceVersion, type LocalReservation, type Settlement } from '@dtfx/core/provider'
import { OutboxBackup } from './outbox-backup.js'
import type { OrchestrationItem } from './orchestration-item.js'
import { ReceivedMessage } from './received-message.js'
import type { SessionView } from './session-view.js'
import { appendJson, eventsJsonOf, isNothing, isOver, versionOf, type StoredSession, type TrackingPlan } from './session-state.js'

export class TurnCommit {
  readonly #local: LocalReservation
  #version: InstanceVersion | undefined
  #hasBegun = false
  #isTransient = false
  #done: CommitResult | undefined

  constructor(
    readonly item: OrchestrationItem,
    readonly checkpoint: Checkpoint,
  ) {
    this.#local = item.session.host.reserve(checkpoint.outbound)
  }

  async run(): Promise<CommitResult> {
    if (this.#done !== undefined) return this.#done
    try {
      return (this.#done = await this.#run())
    } catch (error) {
      if (this.item.isLost) this.abandon()
      throw error
    }
  }

  /** Nobody will run it again. */
  abandon(): void {
    if (!this.#hasBegun) this.#local.abandon()
  }

  async #run(): Promise<CommitResult> {
    const { item, checkpoint } = this
    const { session } = item
    item.check()
    if (this.#version === undefined) {
      const isWritten = await this.#write()
      if (!isWritten) {
        this.#local.abandon()
        item.finish()
        return { outcome: 'stale' }
      }
    }
    const stored = await session.view.recover({ reserved: this.#local, holdsBack: this.#holdsBack })
    this.#tell(checkpoint.state)
    this.#begin(stored)
    await this.#settleInputs()
    if (this.#isTransient) await session.view.clear()
    // What was lost in the meantime was not completed: nobody may take it for gone.
    if (item.isLost) throw item.lockLost()
    item.finish()
    return { outcome: 'committed', version: this.#version as InstanceVersion }
  }

  /** False: another version is stored. */
  async #write(): Promise<boolean> {
    const { item, checkpoint } = this
    const { view } = item.session
    // Events that are replaced cannot be told later.
    const before = await view.recover({ reserved: this.#local, ...(checkpoint.history.kind === 'replace' ? { holdsBack: false } : undefined) })
    if (before.checkpointId === checkpoint.checkpointId) return this.#isMade(before)
    const base = checkpoint.base ?? ''
    // Committed without a look, as for an item whose predecessor was looked at: what the instance store says is not known here yet.
    if (base !== view.version && isNothing(before)) await view.load(item.messages, undefined)
    if (base !== view.version) return false
    const next = this.#next()
    await view.write(next)
    return this.#isMade(next)
  }

  /** A state that is about no instance only carries what is sent, and one of a finished instance too where there is no instance store: it goes when that is done. */
  #isMade(stored: StoredSession): true {
    const isNone = isNothing(stored)
    // Without an instance store nobody clears it later.
    this.#isTransient = isNone || (isOver(stored) && this.item.session.host.parts.store === undefined)
    this.#version = isNone ? (this.checkpoint.base ?? '') : versionOf(stored)
    return true
  }

  #next(): StoredSession {
    const { item, checkpoint } = this
    const { session } = item
    const { base, nextSequence } = session.view
    const { history, outbound, state, consumedIds, checkpointId } = checkpoint
    const isReplaced = history.kind === 'replace'
    const answered = new Set(checkpoint.settlements.flatMap(({ receipt, outcome }) => (receipt instanceof LocalCompletion && (outcome === 'consumed' || outcome === 'discard') ? [receipt.activity.delivered.id] : [])))
    const carried = base.stored.outbox.filter((entry) => session.isLocal(entry.id) && !session.outbox.isSent(entry) && !answered.has(entry.id))
    const inputs = [...(session.retained === undefined ? [] : [session.retained.sequence]), ...item.taken.map(({ sequence }) => sequence)]
    return {
      events: isReplaced ? history.events : [...base.events, ...history.events],
      eventsJson: appendJson(isReplaced ? '' : base.eventsJson, eventsJsonOf(history.events)),
      // Without a state of its own, what the instance store has of a finished instance stays there.
      state: state ?? base.stored.state,
      sequence: nextSequence,
      checkpointId,
      consumedIds: consumedIds ?? base.consumedIds,
      inputs,
      outbox: [...carried, ...outbound],
      tracking: this.#tracking(base, session.outbox.untold(base.stored)),
      suspicions: 0,
    }
  }

  /** Also where nothing is new, if the stored state is that of a finished instance: it is cleared when the tracking store has its last commit, and this is another one. */
  #tracking({ events, state: before, stored }: SessionView['base'], untold: TrackingPlan | undefined): TrackingPlan | undefined {
    const { history, state } = this.checkpoint
    if (state === undefined && history.events.length === 0 && !isOver(stored)) return untold
    const hasContinued = before !== undefined && state !== undefined && before.executionId !== state.executionId && !isFinal(before.status) && before.status !== 'Pending'
    const now = this.item.session.host.parts.host.clock.nowTicks()
    return {
      from: history.kind === 'replace' ? 0 : (untold?.from ?? events.length),
      ...(untold?.ended === undefined ? undefined : { ended: untold.ended }),
      ...(hasContinued ? { ended: { ...before, status: 'ContinuedAsNew', completedAt: now, lastUpdatedAt: now, ...(state.input === undefined ? undefined : { output: state.input }) } } : undefined),
    }
  }

  #tell(state: InstanceState | undefined): void {
    if (state !== undefined && isFinal(state.status)) this.item.session.endLocalWork()
  }

  /** The activities that have a slot start; their entries in the outbox are what keeps them. */
  #begin({ outbox }: StoredSession): void {
    if (this.#hasBegun) return
    this.#hasBegun = true
    const { session } = this.item
    for (const outbound of outbox) if (this.#local.has(outbound.id)) this.#local.hold(outbound.id, new OutboxBackup(session, outbound))
    this.#local.begin(() => session.obtainLocalWork())
  }

  /** Activities run here, or are about to, and an input stays for them. */
  get #holdsBack(): boolean {
    return !this.#isEnd && (this.item.session.hasLocalWork || this.checkpoint.outbound.some(({ id }) => this.#local.has(id)))
  }

  get #isEnd(): boolean {
    const { state } = this.checkpoint
    return state !== undefined && isFinal(state.status)
  }

  /** The newest input stays as long as activities run here that somebody waits for, and the one that stayed until now goes. Without one that stays nothing is held back. */
  async #settleInputs(): Promise<void> {
    const { item, checkpoint } = this
    const { session, settler } = item
    const { settlements } = checkpoint
    const isNeeded = session.hasLocalWork && !this.#isEnd
    const isKept = ({ receipt, outcome }: Settlement): boolean => receipt instanceof ReceivedMessage && receipt.holder === item && (outcome === 'consumed' || outcome === 'discard')
    const candidate = isNeeded ? settlements.findLast(isKept)?.receipt : undefined
    const kept = candidate instanceof ReceivedMessage ? candidate : undefined
    const stays = isNeeded && (kept ?? session.retained) !== undefined
    if (!stays) await session.view.recover({ holdsBack: false })
    await settler.settle(settlements, kept === undefined ? [] : [kept])
    if (!isNeeded || kept !== undefined) await settler.completeRetained()
    if (kept !== undefined) settler.retain(kept)
  }
}
