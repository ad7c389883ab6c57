/** Carries out one operation of a client with the fault that strikes it, if any. */
import { asBrokerError, BrokerError } from '../broker/broker-error.js'
import type { Clock } from '../clock/clock.js'
import type { FaultPlan, FaultTarget } from './fault-plan.js'

export interface Operation extends FaultTarget {
  /** Takes effect, or throws why not. */
  apply(): void
  /** Tells the client that it took effect. */
  acknowledge(): void
  /** Tells the client that it did not, and why. */
  refuse(error: BrokerError): void
  /** Breaks the connection of the client. */
  drop(): void
  /** Ends the locks the operation relies on. */
  expireLock?(): void
}

export interface FaultHost {
  readonly plan: FaultPlan
  /** Real time: clients wait by theirs. */
  readonly realClock: Clock
  readonly log: ((line: string) => void) | undefined
}

const busy = (): BrokerError => new BrokerError('server-busy', 'The request was terminated because the entity is being throttled. Please wait 10 seconds and try again.')

export function performOperation(host: FaultHost, operation: Operation): void {
  const fault = host.plan.take(operation)
  if (fault === undefined) return perform(operation, true)
  host.log?.(`fault ${fault.kind} on ${operation.on}${operation.request === undefined ? '' : ` ${operation.request}`}${operation.queue === undefined ? '' : ` of ${operation.queue}`}`)
  switch (fault.kind) {
    case 'drop-connection':
      return operation.drop()
    case 'delay':
      host.realClock.after(fault.delayMs, () => perform(operation, true))
      return
    case 'server-busy':
      return operation.refuse(busy())
    case 'expire-lock':
      operation.expireLock?.()
      return perform(operation, true)
    case 'lose-acknowledgement':
      if (fault.effect === 'after') perform(operation, false)
      if (fault.thenDrop === true) operation.drop()
  }
}

function perform(operation: Operation, answers: boolean): void {
  try {
    operation.apply()
  } catch (error) {
    return operation.refuse(asBrokerError(error))
  }
  if (answers) operation.acknowledge()
}
