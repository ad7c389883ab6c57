/** Waiting for the end of the current turn of the event loop. The original is taken when the module loads, out of reach of fake timers. */
const realSetImmediate = setImmediate

/** Resolves then. */
export function loopTurnOver(): Promise<void> {
  return new Promise((resolve) => afterLoopTurn(resolve))
}

/** Calls `next` when everything that is ready now (promises, ticks, I/O callbacks) had its turn. */
export function afterLoopTurn(next: () => void): void {
  realSetImmediate(next)
}
