/** The rules in force. Of those that fit an operation, the oldest that has strikes left is used. */
import { checkFaultRule, type Fault, type FaultOperation, type FaultRule, type InjectedFault } from './fault-rule.js'

export interface FaultTarget {
  readonly on: FaultOperation
  readonly queue: string | undefined
  readonly request: string | undefined
}

class ActiveFault implements InjectedFault {
  hits = 0
  seen = 0

  constructor(
    readonly rule: FaultRule,
    readonly plan: Set<ActiveFault>,
  ) {}

  remove(): void {
    this.plan.delete(this)
  }

  fits({ on, queue, request }: FaultTarget): boolean {
    const { rule } = this
    return rule.on === on && (rule.queue === undefined || rule.queue.toLowerCase() === queue?.toLowerCase()) && (rule.request === undefined || rule.request === request)
  }
}

export class FaultPlan {
  readonly #active = new Set<ActiveFault>()

  inject(rule: FaultRule): InjectedFault {
    checkFaultRule(rule)
    const fault = new ActiveFault(rule, this.#active)
    this.#active.add(fault)
    return fault
  }

  clear(): void {
    this.#active.clear()
  }

  /** The fault that strikes this operation, if any. */
  take(target: FaultTarget): Fault | undefined {
    if (this.#active.size === 0) return undefined
    for (const active of this.#active) {
      if (!active.fits(target)) continue
      active.seen++
      if (active.seen <= (active.rule.skip ?? 0)) continue
      active.hits++
      if (active.hits >= (active.rule.times ?? 1)) active.remove()
      return active.rule.fault
    }
    return undefined
  }
}
