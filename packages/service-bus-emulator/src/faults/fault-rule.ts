/** What a test may let go wrong, and where. */
import { EmulatorError } from '../emulator-error.js'

export type FaultOperation =
  /** A client opens a connection. */
  | 'connect'
  /** A client presents a token. */
  | 'authorize'
  /** A client opens a link to a queue; accepting a session is one. */
  | 'attach'
  /** One transfer: a message, or a batch of them. */
  | 'send'
  /** A message is completed, abandoned, deferred or dead-lettered over the link it came by. */
  | 'settle'
  /** A request: session state, renewal, schedule, peek, deferred messages, settlement after the link was closed. */
  | 'request'

export type Fault =
  /** The connection breaks; the operation has no effect. */
  | { readonly kind: 'drop-connection' }
  /** The operation takes effect and is answered so much later, by the real clock. */
  | { readonly kind: 'delay'; readonly delayMs: number }
  /** No answer is sent. `before`: nothing happened; `after`: it took effect. `thenDrop`: the connection breaks in place of the answer, so that the client notices at once. */
  | { readonly kind: 'lose-acknowledgement'; readonly effect: 'before' | 'after'; readonly thenDrop?: boolean }
  /** The operation is refused as the service does when it throttles. */
  | { readonly kind: 'server-busy' }
  /** The lock that the operation relies on ends just before it. */
  | { readonly kind: 'expire-lock' }

export interface FaultRule {
  readonly on: FaultOperation
  readonly fault: Fault
  /** Only for this queue. Default: any. */
  readonly queue?: string
  /** With `request`: only this one, as `set-session-state`. Default: any. */
  readonly request?: string
  /** So many operations pass before the first that fails. Default 0. */
  readonly skip?: number
  /** So many operations fail. Default 1. */
  readonly times?: number
}

/** A rule in force. */
export interface InjectedFault {
  /** How often it struck. */
  readonly hits: number
  remove(): void
}

const operations: readonly string[] = ['connect', 'authorize', 'attach', 'send', 'settle', 'request'] satisfies readonly FaultOperation[]
const kinds: readonly string[] = ['drop-connection', 'delay', 'lose-acknowledgement', 'server-busy', 'expire-lock'] satisfies readonly Fault['kind'][]

/** A rule that could never strike would let a test pass for nothing. */
export function checkFaultRule({ on, fault }: FaultRule): void {
  if (!operations.includes(on)) throw new EmulatorError('DTFX_EMULATOR_OPTIONS', `A fault strikes on ${operations.join(', ')}; '${String(on)}' is none of them.`)
  if (!kinds.includes(fault?.kind)) throw new EmulatorError('DTFX_EMULATOR_OPTIONS', `The kinds of faults are ${kinds.join(', ')}; '${String(fault?.kind)}' is none of them.`)
  if (fault.kind === 'delay' && !(fault.delayMs >= 0)) throw new EmulatorError('DTFX_EMULATOR_OPTIONS', 'A delay needs delayMs.')
  if (fault.kind === 'lose-acknowledgement' && fault.effect !== 'before' && fault.effect !== 'after') throw new EmulatorError('DTFX_EMULATOR_OPTIONS', "A lost acknowledgement needs effect: 'before' or 'after'.")
}
