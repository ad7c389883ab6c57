/**
 * A framework as the workloads drive it: worker, client and store in this process. One workload, written once, so measures every framework in the same way.
 * Invariant: all frameworks host the same three orchestrations, which give the same results.
 */

/** HelloSequence: five greetings. Parallel(n): 1 + … + n by n activities at once. OneActivity: one greeting. */
export type OrchestrationName = 'HelloSequence' | 'Parallel' | 'OneActivity'

export interface Framework {
  readonly name: string
  /** Before what is timed. */
  resume(): Promise<void>
  /** After it: the framework leaves the event loop to the others. */
  pause(): Promise<void>
  start(orchestration: OrchestrationName, input?: number): Promise<StartedOrchestration>
  close(): Promise<void>
}

export interface StartedOrchestration {
  /** Waits for the end. */
  result(): Promise<unknown>
  /** Deletes it; not part of what is timed. */
  purge(): Promise<void>
}

/** Runs `timed` between resume and pause. */
export async function whileRunning<T>(framework: Framework, timed: () => Promise<T>): Promise<T> {
  await framework.resume()
  try {
    return await timed()
  } finally {
    await framework.pause()
  }
}
