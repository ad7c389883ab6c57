/**
 * Smaller scenarios that may still show the same violation: the caller runs each, and goes on from the first that does.
 * Invariant: what is yielded is consistent: an instance is sent exactly the events that its program waits for, and a fate stays possible.
 */
import { eventsNeeded, familyOf, innerNodes, type ProgramNode } from './program.js'
import type { PlannedInstance, Scenario, ScriptStep } from './scenario.js'

/** Large steps first: instances, steps, parts of programs. */
export function* shrinkScenario(scenario: Scenario): Generator<Scenario> {
  const { instances, script, purges } = scenario
  if (instances.length > 1) for (const { instanceId } of instances) yield without(scenario, instanceId)
  if (purges.length > 0) yield { ...scenario, purges: [] }
  for (const { instanceId } of instances) yield* withFewerSteps(scenario, instanceId)
  for (const planned of instances) {
    for (const program of smaller(planned.program)) {
      const next = { ...planned, program }
      if (!isPossible(next, planned)) continue
      yield {
        ...scenario,
        instances: instances.map((each) => (each === planned ? next : each)),
        script: fitted(script, next),
      }
    }
  }
}

function without(scenario: Scenario, instanceId: string): Scenario {
  const others = (each: { readonly instanceId: string }): boolean => each.instanceId !== instanceId
  return {
    ...scenario,
    instances: scenario.instances.filter(others),
    script: scenario.script.filter(others),
    purges: scenario.purges.filter((id) => id !== instanceId),
  }
}

/** Without what a client may do or leave: pauses, rivals, a delayed start, an event with the start, raises at once. */
function* withFewerSteps(scenario: Scenario, instanceId: string): Generator<Scenario> {
  const { script } = scenario
  const change = (fn: (step: ScriptStep) => readonly ScriptStep[]): Scenario | undefined => {
    const next = script.flatMap((step) => (step.instanceId === instanceId ? fn(step) : [step]))
    return JSON.stringify(next) === JSON.stringify(script) ? undefined : { ...scenario, script: next }
  }
  const changes = [
    change((step) => (step.kind === 'suspend' || step.kind === 'resume' ? [] : [step])),
    change((step) => [step.kind === 'start' ? { ...step, rivals: [] } : step]),
    change((step) => [step.kind === 'start' ? { ...step, delayMs: undefined } : step]),
    change((step) => {
      if (step.kind !== 'start' || step.event === undefined) return [step]
      return [{ ...step, event: undefined }, { kind: 'raise', atMs: step.atMs, instanceId, event: step.event, count: 1, atOnce: false }]
    }),
    change((step) => [step.kind === 'raise' ? { ...step, atOnce: false } : step]),
  ]
  for (const each of changes) if (each !== undefined) yield each
}

/** Programs with one thing less than `node`. */
function* smaller(node: ProgramNode): Generator<ProgramNode> {
  yield* innerNodes(node)
  switch (node.kind) {
    case 'sequence': case 'all': case 'race': case 'any': case 'settled': case 'map':
      for (let index = 0; index < node.children.length; index++) {
        if (node.children.length > 1) yield { ...node, children: node.children.toSpliced(index, 1) }
        for (const child of smaller(node.children[index] as ProgramNode)) yield { ...node, children: node.children.with(index, child) }
      }
      return
    case 'generations':
      if (node.count > 2) yield { ...node, count: 2 }
      for (const body of smaller(node.body)) yield { ...node, body }
      return
    case 'patched':
      for (const after of smaller(node.after)) yield { ...node, after }
      for (const before of smaller(node.before)) yield { ...node, before }
      return
    case 'child': case 'detached': case 'claim':
      for (const program of smaller(node.program)) yield { ...node, program }
      return
    case 'events':
      if (node.count > 1) yield { ...node, count: node.count > 8 ? Math.ceil(node.count / 4) : node.count - 1 }
      return
    case 'talk':
      if (node.rounds > 1) yield { ...node, rounds: 1, program: { ...node.program, rounds: 1 } }
      return
    default:
  }
}

/** A fate needs its cause in the program: something doomed, or something that waits for ever. */
function isPossible(next: PlannedInstance, before: PlannedInstance): boolean {
  const has = (program: ProgramNode, kind: ProgramNode['kind']): boolean => [...familyOf(program)].some((node) => node.kind === kind)
  return (['doomed', 'forever'] as const).every((kind) => has(next.program, kind) === has(before.program, kind))
}

/** The script with as many events for the instance as its program still takes. */
function fitted(script: readonly ScriptStep[], { instanceId, program }: PlannedInstance): readonly ScriptStep[] {
  const left = eventsNeeded(program)
  const take = (event: string, count: number): number => {
    const taken = Math.min(left.get(event) ?? 0, count)
    left.set(event, (left.get(event) ?? 0) - taken)
    return taken
  }
  return script.flatMap((step): readonly ScriptStep[] => {
    if (step.instanceId !== instanceId) return [step]
    if (step.kind === 'start') return [step.event === undefined || take(step.event, 1) === 1 ? step : { ...step, event: undefined }]
    if (step.kind !== 'raise') return [step]
    const count = take(step.event, step.count)
    return count === 0 ? [] : [{ ...step, count }]
  })
}
