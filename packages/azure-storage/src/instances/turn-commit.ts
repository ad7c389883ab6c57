/**
 * The commit of a turn: send everything, then write the history on condition of the sentinel's version, then show the state, then delete the inputs.
 *
 * Invariants:
 * 1. Run again after an error it goes on where it stopped: what is known to be done is not done again, and what may be done is done with the same ids.
 * 2. The history is written by nobody but the owner of the partition, and only on the version that the turn was built on.
 * 3. A refused write is a lost race only if what is stored is not this very checkpoint. It is looked at before a repeated write and after a refused one: the first attempt may have arrived late, between the two.
 * 4. A local activity begins when the commit is certain; its backup was sent, hidden, with everything else. It is taken back only when nobody can have seen the commit.
 */
import type { Checkpoint, CommitResult, InstanceVersion, LocalReservation, OutboundMessage } from '@dtfx/core/provider'
import { LockLostError } from '@dtfx/core/provider'
import type { OrchestrationItem } from './orchestration-item.js'

export class TurnCommit {
  readonly #sent = new Set<string>()
  readonly #local: LocalReservation
  #isUnsure = false
  #version: InstanceVersion | undefined
  #isShown = false

  constructor(
    readonly item: OrchestrationItem,
    readonly checkpoint: Checkpoint,
  ) {
    this.#local = item.store.reserve(checkpoint)
  }

  async run(): Promise<CommitResult> {
    try {
      return await this.#run()
    } catch (error) {
      if (error instanceof LockLostError) this.item.lose()
      // Lost before, by somebody else's doing: then nobody else gives the slots back.
      if (this.item.isLost) this.abandon()
      throw error
    }
  }

  async #run(): Promise<CommitResult> {
    const { item, checkpoint } = this
    const { record, store } = item
    if (this.#version === undefined) {
      item.check()
      await this.#send()
      item.check()
      const version = await this.#write()
      if (version === undefined) {
        store.parts.log.lostRace(record.instanceId)
        record.known = undefined
        // After a write of unknown result, somebody may have gone on from this very checkpoint, and waits for its activities.
        if (this.#isUnsure) this.#local.abandon()
        else await this.#local.undo().catch(() => {})
        item.finish()
        return { outcome: 'stale' }
      }
      this.#version = version
      this.#local.begin(() => store.localWork(record))
    }
    if (!this.#isShown) {
      await store.show(record, checkpoint, this.#version)
      this.#isShown = true
    }
    await item.settle(checkpoint.settlements)
    // What was lost in the meantime was not deleted: nobody may take it for gone.
    if (item.isLost) throw item.lockLost()
    item.finish()
    return { outcome: 'committed', version: this.#version }
  }

  /** Nobody will run it again. */
  abandon(): void {
    if (this.#version === undefined) this.#local.abandon()
  }

  #send(): Promise<void> {
    const { item } = this
    const { store, record } = item
    const { executionId, outbound } = this.checkpoint
    const open = outbound.filter(({ id }) => !this.#sent.has(id) && !this.#local.holds(id))
    const sender = { instanceId: record.instanceId, executionId }
    return store.parts.gate.all<OutboundMessage>(open, async (message) => {
      const { id } = message
      if (this.#local.has(id)) this.#local.hold(id, await store.sendBackup(message, sender))
      else {
        await store.parts.sender.send(message, { sender })
        this.#sent.add(id)
      }
    })
  }

  async #write(): Promise<InstanceVersion | undefined> {
    const { item, checkpoint } = this
    const { histories, host } = item.store.parts
    const { instanceId } = item.record
    const own = async (): Promise<InstanceVersion | undefined> => (this.#isUnsure ? histories.versionOf(instanceId, checkpoint.checkpointId) : undefined)
    try {
      return (await own()) ?? (await histories.write(instanceId, checkpoint, host.clock.nowTicks())) ?? (await own())
    } catch (error) {
      // Whatever the error says: taken for a lost race, a write that took effect would cost the turn its local activities.
      this.#isUnsure = true
      throw error
    }
  }
}
