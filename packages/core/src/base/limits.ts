/**
 * Every limit of the framework that is not a provider's own: one named constant each, unit in the name, and why it has that value.
 * Crossing one is a coded error, never a hang (docs/errors.md).
 */
export const limits = {
  /** Characters of an instance id. Azure Tables keys end at 1 024 bytes; .NET's own limit is 100 for some stores; 256 leaves room for escapes. */
  maxInstanceIdLength: 256,
  /** Characters of an orchestration, activity or event name. */
  maxNameLength: 512,
  /** Tasks (activities, timers, children, events sent) one turn may schedule. 100 000 is a tested workload; more is almost always a loop. */
  maxActionsPerTurn: 200_000,
  /** Events of one history. Beyond it the instance fails with advice to continue as new. */
  maxHistoryEvents: 1_000_000,
  /** Characters of one payload before codecs; providers may have lower bounds of their own. */
  maxPayloadLength: 64 * 1024 * 1024,
  /** How long messages wait for a worker that has the key (or codec) of their payloads, before they count as unreadable: a rolling change of keys. */
  payloadKeyGraceMs: 600_000,
  /** Characters of encoded states that are kept so that an input that does not change is not compressed and encrypted again with every turn. */
  maxEncodedStatesLength: 16 * 1024 * 1024,
  /** Generations that one work item may run through `continueAsNew` before it is committed and queued anew. */
  maxGenerationsPerTurn: 10,
  /** One hop of a long timer. Azure queues hide a message for at most 7 days; 6 leaves a day of reserve. */
  timerHopMs: 6 * 86_400_000,
  /** Messages without a scheduled event (start, events, suspend …) that one turn may take. */
  maxUnscheduledMessagesPerTurn: 256,
  /** Ids of such messages that are remembered after their deletion was acknowledged: as many as one turn may take, so that an id outlives a whole turn of newer ones. */
  maxConsumedIds: 256,
  /** The same for messages whose deletion was not acknowledged: they may come again at any time. Only crashes leave any; beyond this the oldest are forgotten. */
  maxPendingConsumedIds: 1_024,
  /** How long a message from an instance waits for the start of its target, in stores that keep no order between messages. */
  earlyMessageGraceMs: 300_000,
  /** External events buffered by one instance before nobody waits for them. */
  maxBufferedEvents: 100_000,
  /** Milliseconds that one thread may spend on turns before timers and I/O get their share. */
  turnSliceMs: 5,
  /** Suspended executions kept in memory per worker; about 2.5 KB each. */
  maxCachedInstances: 10_000,
  /** Estimated bytes of suspended executions kept in memory per worker: payloads of their histories, 2 bytes a character, and `cachedInstanceBytes` each. */
  maxCachedBytes: 256 * 1024 * 1024,
  /** Bytes a suspended execution takes without its payloads, as measured. */
  cachedInstanceBytes: 2_560,
  /** Faults (thrown by middleware or by the host) of one message before its task or instance fails. */
  maxFaults: 5,
  /** Turns that began on inputs delivered more than twice and came to no end, not even a release: then the inputs kill or block their process, and are set aside unexecuted. */
  maxSuspectTurns: 5,
  /** How long a thread may be blocked before the watchdog says by what: long before locks run out. */
  watchdogWarnAfterMs: 2_000,
  /** How long one turn may block its thread before the watchdog ends the process: its locks have run out by then, and other workers take over. */
  maxTurnMs: 60_000,
  /** Characters of an error message kept in a failure; the rest is cut with a marker. */
  maxFailureMessageLength: 32_768,
  /** Characters of a stack trace kept in a failure. */
  maxFailureStackLength: 16_384,
  /** Levels of `cause` kept in a failure. */
  maxFailureDepth: 16,
  /** How often a client repeats a call that failed for a passing reason. */
  maxClientRetries: 4,
  /** Calls that `startMany` and bulk operations have open at once, unless told otherwise. */
  clientConcurrency: 32,
  /** Instances of one page of a query: the default, and the most one may ask for. */
  defaultPageSize: 100,
  maxPageSize: 1_000,
  /** Errors that the report of a bulk operation lists; beyond it they are counted. */
  maxBulkErrors: 1_000,
  /** How long `reuse: 'replace'` waits for the old execution to end. */
  replaceTimeoutMs: 60_000,
  /** How often `reuse: 'replace'` ends an execution before it gives up against others that start the same id. */
  maxReplaceAttempts: 10,
  /** Entries of one tag set, and characters of a key or a value. */
  maxTags: 64,
  maxTagLength: 1_024,
} as const
