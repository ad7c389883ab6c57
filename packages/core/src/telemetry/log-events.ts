/**
 * Ids of the framework's own log lines. Where .NET has an id for the same thing it is the same id (dtfx-core A22); ours start at 200. Contract: an id never changes its meaning.
 */
export const logEvents = {
  workerStarting: { id: 10, level: 'info', text: 'worker starting' },
  workerStarted: { id: 11, level: 'info', text: 'worker started' },
  workerStopping: { id: 12, level: 'info', text: 'worker stopping' },
  workerStopped: { id: 13, level: 'info', text: 'worker stopped' },
  fetchFailed: { id: 25, level: 'error', text: 'fetching or processing a work item failed' },
  orchestrationCompleted: { id: 49, level: 'info', text: 'orchestration ended' },
  orchestrationExecuting: { id: 51, level: 'debug', text: 'turn begins' },
  orchestrationExecuted: { id: 52, level: 'debug', text: 'turn decided' },
  orchestrationAborted: { id: 53, level: 'warn', text: 'turn abandoned' },
  discardingMessage: { id: 54, level: 'warn', text: 'message without effect' },
  activityStarting: { id: 60, level: 'debug', text: 'activity begins' },
  activityCompleted: { id: 61, level: 'debug', text: 'activity completed' },
  activityFailed: { id: 62, level: 'info', text: 'activity failed' },
  activityAborted: { id: 63, level: 'warn', text: 'activity abandoned' },
  orchestrationWarning: { id: 74, level: 'warn', text: 'orchestration ended with a warning' },
  fault: { id: 200, level: 'error', text: 'fault of the host' },
  deferred: { id: 201, level: 'info', text: 'work deferred' },
  quarantined: { id: 202, level: 'error', text: 'message set aside' },
  lockLost: { id: 203, level: 'warn', text: 'lock lost' },
  loopBlocked: { id: 204, level: 'warn', text: 'event loop blocked' },
  watchdogEnded: { id: 205, level: 'warn', text: 'watchdog not running' },
} as const satisfies Readonly<Record<string, { readonly id: number; readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly text: string }>>

export type LogEvent = (typeof logEvents)[keyof typeof logEvents]
