/** The rules that the model runs by: those of the product, or with one of them broken. */
import { balance } from '../../../src/partitions/balance.js'
import { afterDrain, afterDrops, afterWrite } from '../../../src/partitions/held-partitions.js'

export interface Rules {
  readonly balance: typeof balance
  readonly afterDrops: typeof afterDrops
  readonly afterWrite: typeof afterWrite
  readonly afterDrain: typeof afterDrain
  /** When the lease of a renewal ends, of a pass that began at `passMs` and a write that was acknowledged at `ackMs`. */
  readonly leaseDeadlineMs: (times: { readonly passMs: number; readonly ackMs: number; readonly leaseMs: number }) => number
  /** Whether a write without an answer, or without effect, counts as acknowledged. */
  readonly trustsFailures: boolean
  /** Whether `listen` and `startDrain` take effect when the write is sent. */
  readonly actsBeforeAnswer: boolean
}

export const productRules: Rules = {
  balance,
  afterDrops,
  afterWrite,
  afterDrain,
  leaseDeadlineMs: ({ passMs, leaseMs }) => passMs + leaseMs,
  trustsFailures: false,
  actsBeforeAnswer: false,
}
