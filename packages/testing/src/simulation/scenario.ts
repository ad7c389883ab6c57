/**
 * A scenario as data: programs to run and what clients do to them, at which virtual millisecond.
 *
 * Invariants:
 * 1. The steps of one instance stand in the order in which they are performed; its start is the first.
 * 2. Every program is sent exactly the events it waits for: one that is lost shows as an instance that never ends.
 */
import type { ProgramNode } from './program.js'

/**
 * How an instance is meant to end. `completes`: by itself. `fails`: a doomed activity fails it for good. `rewound`: the same, and a client rewinds it until it completes.
 * `terminated`: a client ends it, unless it was faster; with a node `forever` it cannot be.
 */
export type Fate = 'completes' | 'fails' | 'rewound' | 'terminated'

export interface PlannedInstance {
  readonly instanceId: string
  readonly program: ProgramNode
  readonly fate: Fate
}

interface Step {
  readonly atMs: number
  readonly instanceId: string
}

export interface StartStep extends Step {
  readonly kind: 'start'
  /** A start in the future: so long after the call. */
  readonly delayMs?: number | undefined
  /** Name of an event that is stored with the start. */
  readonly event?: string | undefined
  /** Starts of the same id at the same time, by other clients: one of all wins. */
  readonly rivals: readonly ('error' | 'skip')[]
}

export interface RaiseStep extends Step {
  readonly kind: 'raise'
  readonly event: string
  readonly count: number
  /** All at once, so that their order is anybody's guess; else one after the other. */
  readonly atOnce: boolean
}

export interface PlainStep extends Step {
  readonly kind: 'suspend' | 'resume' | 'rewind'
}

export interface TerminateStep extends Step {
  readonly kind: 'terminate'
  readonly recursive: boolean
}

export type ScriptStep = StartStep | RaiseStep | PlainStep | TerminateStep

export interface Scenario {
  readonly seed: number
  readonly instances: readonly PlannedInstance[]
  readonly script: readonly ScriptStep[]
  /** Instances that are purged when everything was looked at. */
  readonly purges: readonly string[]
}
