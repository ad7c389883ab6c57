/** What a provider can do, as data: the conformance suite reads it, and tests the absence of what is not there. */

/** In which order a checkpoint becomes durable (see docs/providers/write-your-own.md). */
export type CommitDiscipline = 'atomic' | 'messages-first' | 'state-first-outbox'

export interface Capabilities {
  readonly commit: CommitDiscipline
  /** `service.query` is present. */
  readonly query: boolean
  readonly purge: boolean
  /** `service.history` is present: histories can be read back. */
  readonly history: boolean
  /** A failed instance can be rewound. */
  readonly rewind: boolean
  /** `service.quarantine` is present. Messages are set aside with or without it. */
  readonly quarantine: boolean
  readonly scale: boolean
  /** `create` is one conditional write: of many concurrent starters of an id exactly one succeeds. */
  readonly uniqueStart: boolean
  /** An external event that was acknowledged is applied exactly once, also under redelivery. */
  readonly exactlyOnceEvents: boolean
  /** The history of a finished instance stays readable until purge. */
  readonly historyAfterCompletion: boolean
  /** `load(known)` can answer `'unchanged'` without I/O. Without the capability it may answer so after a look at the version. */
  readonly cacheValidation: boolean
  readonly entities: boolean
  /** Each worker has its share of the instances, and offers them to nobody else while it lives: what it rejects waits until the share moves, or it stops. */
  readonly pinnedInstances?: true | undefined
  /** A timer fires at most this late when idle, and its fire time is rounded up to a multiple of it. */
  readonly timerGranularityMs: number
  /** Largest payload in bytes of UTF-8. */
  readonly maxPayloadBytes: number
}
