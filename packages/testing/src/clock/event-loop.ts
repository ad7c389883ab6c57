/** Waiting for the event loop of the process, out of reach of fake timers: the original is taken when the module loads. */
const realSetImmediate = setImmediate

/** Resolves after everything that is queued now (promises, ticks, I/O callbacks that are ready) had its turn. */
export function nextLoopTurn(): Promise<void> {
  return new Promise((resolve) => realSetImmediate(resolve))
}
