/**
 * Rejected promises of orchestration code that nobody has awaited yet. Across turns they would end the process (Node's default) although the code may still await them.
 * The emission is intercepted, not listened to: a listener would change the default for the whole process, and the application's own listeners would see them.
 * What is still not awaited when the execution ends becomes a warning of its last turn; Node tells of the rejections of that very turn only after it, so these are logged here.
 * Invariant: a rejection that does not belong to an execution takes exactly the way it would without us.
 */
import { Execution } from './execution.js'
import { scope } from './scope.js'
import type { TurnWarning } from './turn-executor.js'

const realSetImmediate = setImmediate
const owners = new WeakMap<Promise<unknown>, Execution>()

export function installRejectionGuard(): void {
  const emit = process.emit as (...args: unknown[]) => boolean
  const guarded = function (this: unknown, ...args: unknown[]): boolean {
    if (args[0] === 'unhandledRejection') {
      const owner = scope.getStore()
      if (owner instanceof Execution) {
        const promise = args[2] as Promise<unknown>
        ;(owner.unhandled ??= new Map()).set(promise, args[1])
        owners.set(promise, owner)
        if (owner.reported) logUnhandled(owner, args[1])
        return true
      }
    } else if (args[0] === 'rejectionHandled') {
      const promise = args[1] as Promise<unknown>
      const owner = owners.get(promise)
      if (owner !== undefined) {
        owner.unhandled?.delete(promise)
        owners.delete(promise)
        return true
      }
    }
    return Reflect.apply(emit, this, args)
  }
  process.emit = guarded as typeof process.emit
}

/** Calls `then` when Node has told of the rejections, and of the late awaits, of everything that ran so far. */
export function whenRejectionsAreKnown(then: () => void): void {
  realSetImmediate(then)
}

export function unhandledWarnings(x: Execution): TurnWarning[] {
  return [...(x.unhandled?.values() ?? [])].map((error) => ({ kind: 'unhandled-rejection', message: unhandledText(error) }))
}

function unhandledText(error: unknown): string {
  return `a rejected promise was never awaited: ${error instanceof Error ? error.message : String(error)}`
}

function logUnhandled(x: Execution, error: unknown): void {
  const { logger } = x.settings
  scope.exit(() => logger.log('warn', unhandledText(error), { instanceId: x.instanceId, executionId: x.executionId, orchestration: x.definition.name }))
}
