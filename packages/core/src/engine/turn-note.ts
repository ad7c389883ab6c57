/**
 * What this thread is doing, in memory that another thread can read while this one is stuck: the watchdog's only way to a name when not even the inspector gets an answer.
 *
 * Invariants:
 * 1. Noting a step of a turn allocates nothing; the texts are written only when another instance comes to its turn.
 * 2. `phase` is never zero while orchestration code of a turn runs.
 */
import { limits } from '../base/limits.js'
import { Execution } from './execution.js'
import { scope } from './scope.js'

/** Places in the `Int32Array` at the begin of the memory. */
export const noteCells = {
  /** Counts up while the event loop comes round. */
  beats: 0,
  /** See {@link turnPhases}. */
  phase: 1,
  idLength: 2,
  nameLength: 3,
  /** 1: a standstill means nothing, since nobody works here or a debugger holds the thread. */
  isOff: 4,
} as const

/** `applying`: the engine itself runs, or code it calls; `draining`: what follows from it in microtasks, among which may be some of others. */
export const turnPhases = { none: 0, draining: 1, applying: 2 } as const

/** Texts begin here, as UTF-16: the instance id, then the name. */
const textOffsetBytes = 32
const nameOffset = limits.maxInstanceIdLength

export const noteMemory = new SharedArrayBuffer(textOffsetBytes + 2 * (limits.maxInstanceIdLength + limits.maxNameLength))
export const noteLayout = { cells: noteCells, phases: turnPhases, textOffsetBytes, nameOffset }

const cells = new Int32Array(noteMemory, 0, textOffsetBytes / 4)
const text = new Uint16Array(noteMemory, textOffsetBytes)
let notedId = ''
let notedName = ''

/** The engine takes up the turn of an instance, or goes on with it. */
export function noteApplying(instanceId: string, name: string): void {
  if (instanceId !== notedId) cells[noteCells.idLength] = write((notedId = instanceId), 0, limits.maxInstanceIdLength)
  if (name !== notedName) cells[noteCells.nameLength] = write((notedName = name), nameOffset, limits.maxNameLength)
  cells[noteCells.phase] = turnPhases.applying
}

export function noteDraining(): void {
  cells[noteCells.phase] = turnPhases.draining
}

export function noteNoTurn(): void {
  cells[noteCells.phase] = turnPhases.none
}

function write(value: string, offset: number, maxLength: number): number {
  const length = Math.min(value.length, maxLength)
  for (let i = 0; i < length; i++) text[offset + i] = value.charCodeAt(i)
  return length
}

export interface RunningCode {
  /** Undefined: not the code of an orchestration. */
  readonly instanceId: string | undefined
  readonly name: string | undefined
  /** As the engine's stack traces are: mapped to sources where Node does that. */
  readonly stack: string
}

/** Who runs at this very moment. Called by the inspector on top of code that is stuck. */
export function describeRunningCode(): RunningCode {
  const holder: { stack?: string } = {}
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 30
  Error.captureStackTrace(holder, describeRunningCode)
  const { stack = '' } = holder
  Error.stackTraceLimit = limit
  const x: unknown = scope.getStore()
  return x instanceof Execution ? { instanceId: x.instanceId, name: x.definition.name, stack } : { instanceId: undefined, name: undefined, stack }
}
