/**
 * Globals that cannot be deterministic are refused inside orchestrations: the call throws, and the execution fails even if its code swallows that.
 * Printing is let through outside the scope: consoles of test runners use timers of their own.
 */
import { dtfxError } from '../errors/durable-error.js'
import { currentExecution, scope } from './scope.js'

export function installForbiddenGlobals(): void {
  forbid(globalThis, 'setTimeout', 'use ctx.createTimer')
  forbid(globalThis, 'setInterval', 'use ctx.createTimer')
  forbid(globalThis, 'setImmediate', 'await a durable task instead')
  forbid(globalThis, 'fetch', 'call an activity')
  forbid(process, 'nextTick', 'use promises')
  forbid(process, 'hrtime', 'use ctx.now')
  forbid(process.hrtime, 'bigint', 'use ctx.now')
  for (const name of ['log', 'info', 'warn', 'error', 'debug'] as const) letPrint(name)
}

function forbid(target: object, name: string, hint: string): void {
  const real = (target as Record<string, (...args: unknown[]) => unknown>)[name]
  if (typeof real !== 'function') return
  const guarded = function (this: unknown, ...args: unknown[]): unknown {
    const x = currentExecution()
    if (x !== undefined) {
      const error = dtfxError('DTFX_FORBIDDEN_IN_ORCHESTRATION', { api: name, name: x.definition.name, instanceId: x.instanceId, hint })
      x.poison ??= error
      throw error
    }
    return Reflect.apply(real, this ?? target, args)
  }
  Object.defineProperties(guarded, Object.getOwnPropertyDescriptors(real))
  Object.defineProperty(target, name, { value: guarded, writable: true, configurable: true, enumerable: true })
}

function letPrint(name: 'log' | 'info' | 'warn' | 'error' | 'debug'): void {
  const real = console[name]
  console[name] = (...args: unknown[]): void => {
    if (currentExecution() === undefined) Reflect.apply(real, console, args)
    else scope.exit(() => Reflect.apply(real, console, args))
  }
}
