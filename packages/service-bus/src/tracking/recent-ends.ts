/**
 * Ends of instances that this process has just written: whoever was woken by one reads it here, without a request.
 * Invariant: a state is here until the event loop comes round, no longer, because others may change what is stored.
 */
import { systemClock, type InstanceId, type InstanceState } from '@dtfx/core/provider'

export class RecentEnds {
  readonly #ends = new Map<InstanceId, InstanceState>()

  /** Before those who wait are woken. */
  tell(state: InstanceState): void {
    const { instanceId } = state
    this.#ends.set(instanceId, state)
    // Real time, whatever clock the host has.
    systemClock.setTimer(0, () => {
      if (this.#ends.get(instanceId) === state) this.#ends.delete(instanceId)
    })
  }

  get(instanceId: InstanceId): InstanceState | undefined {
    return this.#ends.get(instanceId)
  }
}
