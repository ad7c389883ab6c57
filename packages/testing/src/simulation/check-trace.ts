/** Whether a trace is what a program must have seen: its shape from the plan, its results from the ledger. Pure. */
import type { Outcome, Trace, TraceEntry } from './definitions.js'
import type { Ledger } from './ledger.js'
import type { Program, ProgramStep } from './program.js'

export interface TraceWorld {
  readonly ledger: Ledger
  /** Nonces of the events that clients sent to the instance, by step. */
  readonly events: ReadonlyMap<number, readonly string[]>
}

/** Problems of one outcome and of the children in it; empty: it is right. */
export function checkTrace({ instanceId, trace }: Outcome, program: Program, world: TraceWorld): string[] {
  return compare(trace, program, instanceId, world)
}

/** The nonces of activities that an instance saw itself, not those of its children. */
export function ownNonces(trace: Trace): string[] {
  return trace.flatMap((entry) => {
    if (!isPair(entry)) return 'all' in entry ? entry.all.flatMap(ownNonces) : []
    return typeof entry[1] === 'string' && /^n\d+$/.test(entry[1]) ? [entry[1]] : []
  })
}

function compare(trace: Trace, program: Program, instanceId: string, world: TraceWorld): string[] {
  if (!Array.isArray(trace)) return [`${instanceId}: the trace is no list`]
  if (trace.length !== program.length) return [`${instanceId}: ${trace.length} steps were seen, ${program.length} planned`]
  return program.flatMap((step, at) => compareStep(trace[at] as TraceEntry, step, instanceId, world).map((problem) => `${instanceId}, step ${step.id} (${step.kind}): ${problem}`))
}

function compareStep(entry: TraceEntry, step: ProgramStep, instanceId: string, world: TraceWorld): string[] {
  if (!isPair(entry)) {
    if (entry.id !== step.id) return [`step ${entry.id} was seen in its place`]
    if ('all' in entry) return step.kind === 'all' ? step.branches.flatMap((branch, at) => compare(entry.all[at] ?? [], branch, instanceId, world)) : ['it has no branches']
    if (step.kind !== 'child' && step.kind !== 'talk') return ['it has no child']
    return compare(entry.child.trace, step.body, entry.child.instanceId, { ...world, events: new Map() })
  }
  const [id, saw] = entry
  if (id !== step.id) return [`step ${id} was seen in its place`]
  return typeof saw === 'string' ? compareResult(saw, step, instanceId, world) : compareEvents(saw, step, world)
}

function compareResult(saw: string, step: ProgramStep, instanceId: string, { ledger }: TraceWorld): string[] {
  const expected = (text: string): string[] => (saw === text ? [] : [`saw '${saw}' instead of '${text}'`])
  const result = (name: string): string[] => {
    const issued = ledger.issued.get(saw)
    if (issued === undefined) return [`saw '${saw}', which no activity returned`]
    if (issued.instanceId === instanceId && issued.name === name && issued.stepId === step.id) return []
    return [`saw ${saw}, the result of '${issued.name}' for step ${issued.stepId} of ${issued.instanceId}`]
  }
  switch (step.kind) {
    case 'work':
      return result('Work')
    case 'race':
      return saw === 'late' ? [] : result('Work')
    case 'flaky':
      return result('Flaky')
    case 'broken':
      return result('Broken')
    case 'bad':
      return expected('failed')
    case 'timer':
      return expected('fired')
    case 'patch':
      return expected('true')
    case 'ask':
      return expected(`answer${step.id}`)
    case 'detached':
      return expected('started')
    case 'again':
      return expected('again')
    default:
      return [`saw '${saw}'`]
  }
}

/** Each exactly once; in which order is not promised between stores. */
function compareEvents(saw: readonly string[], step: ProgramStep, { events }: TraceWorld): string[] {
  if (step.kind !== 'collect') return ['it collects no events']
  const sent = [...(events.get(step.id) ?? [])].sort()
  const received = [...saw].sort()
  return sent.length === received.length && sent.every((nonce, at) => nonce === received[at]) ? [] : [`saw the events ${received.join(', ')}; sent were ${sent.join(', ')}`]
}

function isPair(entry: TraceEntry): entry is Exclude<TraceEntry, { readonly id: number }> {
  return Array.isArray(entry)
}
