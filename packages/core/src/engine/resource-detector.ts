/**
 * Strict mode: reports the first asynchronous resource that orchestration code creates (a file or socket, a timer, a thread-pool job) with the line that did it, also while a durable task is open.
 * Promises, microtasks and ticks are what orchestrations are made of; the wraps of standard output come from printing, which is harmless.
 */
import { createHook } from 'node:async_hooks'
import { dtfxError } from '../errors/durable-error.js'
import { currentExecution } from './scope.js'

const harmless = new Set(['PROMISE', 'Microtask', 'TickObject', 'PIPEWRAP', 'TTYWRAP', 'WRITEWRAP', 'TickInfo'])

export function installResourceDetector(): void {
  // Standard streams are created lazily; their first use inside an orchestration would be taken for a resource of it.
  void process.stdout
  void process.stderr
  const hook = createHook({
    init: onResource,
    // Not in the type declarations yet: keeps promises out of the hook, which makes it free.
    ...({ trackPromises: false } as object),
  })
  hook.enable()
}

function onResource(_asyncId: number, type: string): void {
  if (harmless.has(type)) return
  const x = currentExecution()
  if (x === undefined || x.poison !== undefined) return
  x.poison = dtfxError('DTFX_FOREIGN_RESOURCE', { name: x.definition.name, instanceId: x.instanceId, resource: `${type} ${creationLine()}` })
}

/** Up to three frames of what created it, without ours and Node's. */
function creationLine(): string {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 20
  const holder: { stack?: string } = {}
  Error.captureStackTrace(holder, onResource)
  Error.stackTraceLimit = limit
  const frames = (holder.stack ?? '').split('\n').slice(1).filter((line) => !line.includes('node:') && !line.includes('AsyncHook.'))
  return frames.slice(0, 3).map((line) => line.trim()).join(' <- ')
}
