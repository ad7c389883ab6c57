/**
 * Rejected promises of orchestration code that nobody has awaited yet. Across turns they would end the process (Node's default) although the code may still await them.
 * The emission is intercepted, not listened to: a listener would change the default for the whole process, and the application's own listeners would see them.
 * Invariant: a rejection that does not belong to an execution takes exactly the way it would without us.
 */
import { Execution } from './execution.js'
import { scope } from './scope.js'

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
