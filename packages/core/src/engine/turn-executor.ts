/**
 * The seam between the worker and what runs orchestration code: plain data in, plain data out. The engine of this package is one implementation; a host for other languages is another.
 * Invariant: `run` never rejects for anything the orchestration did; it rejects only for defects of the host.
 */
import type { OrchestratorAction } from '../model/actions.js'
import type { HistoryEvent } from '../model/events.js'

export interface TurnKey {
  readonly instanceId: string
  readonly executionId: string
}

export interface TurnRequest {
  readonly key: TurnKey
  /** All committed events of the execution; absent: continue the suspended execution that `run` left behind for this key. */
  readonly past?: readonly HistoryEvent[] | undefined
  /** Events of this turn, beginning with an OrchestratorStarted. */
  readonly fresh: readonly HistoryEvent[]
  /** Custom status stored so far, payload text. */
  readonly customStatus?: string | undefined
  /** Keep the suspended execution for the next turn. */
  readonly keep: boolean
}

/** Something a person should know about; logged, never stored. */
export interface TurnWarning {
  readonly kind: 'open-task-at-completion' | 'unhandled-rejection' | 'late-result'
  readonly message: string
}

export type TurnResult =
  | {
      readonly kind: 'decided'
      /** In ascending order of ids; markers first. Empty while suspended or when nothing new was decided. */
      readonly actions: readonly OrchestratorAction[]
      readonly customStatus?: string | undefined
      readonly warnings: readonly TurnWarning[]
    }
  /** `past` was absent and no suspended execution is kept: run again with the history. */
  | { readonly kind: 'need-history' }
  /** No such orchestration is registered. */
  | { readonly kind: 'unknown-orchestration'; readonly name: string; readonly version?: string | undefined }

export interface TurnExecutor {
  run(request: TurnRequest): Promise<TurnResult>
  /** Drops a suspended execution. Its code never runs again, not even its `finally` blocks. */
  forget(key: TurnKey): void
}
