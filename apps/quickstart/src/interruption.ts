/** Ctrl+C, and the polite request of a supervisor: what runs is left in order. A second one ends the process at once, as without this. */

export interface Interruption extends Disposable {
  readonly signal: AbortSignal
}

const signals = ['SIGINT', 'SIGTERM'] as const

export function onInterruption(): Interruption {
  const interrupted = new AbortController()
  const interrupt = (): void => interrupted.abort()
  for (const signal of signals) process.once(signal, interrupt)
  const stop = (): void => signals.forEach((signal) => void process.removeListener(signal, interrupt))
  return { signal: interrupted.signal, [Symbol.dispose]: stop }
}
