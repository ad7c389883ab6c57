/** Scenarios from seeds: the same seed draws the same programs and the same script on every machine. */
import { seededRandom } from '@dtfx/core/provider'
import { Draw } from './draw.js'
import { eventsNeeded, type ProgramNode } from './program.js'
import { ProgramWriter, type Ids, type Place } from './random-program.js'
import type { Fate, PlannedInstance, Scenario, ScriptStep, StartStep } from './scenario.js'

export interface ScenarioOptions {
  /** Planned instances. @default 2 to 6, drawn */
  readonly instances?: number | undefined
  /** Children whose ids the programs choose. */
  readonly explicitChildIds: boolean
}

const fates: readonly (readonly [Fate, number])[] = [['completes', 70], ['terminated', 13], ['rewound', 12], ['fails', 5]]

export function randomScenario(seed: number, options: ScenarioOptions): Scenario {
  const draw = new Draw(seededRandom(seed))
  const ids: Ids = { next: 1 }
  const count = options.instances ?? draw.int(2, 6)
  const claims = draw.chance(0.4) ? ['shared-0', 'shared-1'] : []
  const instances: PlannedInstance[] = []
  const script: ScriptStep[] = []
  for (let index = 0; index < count; index++) {
    const fate = draw.weighted(fates)
    const program = planProgram(new ProgramWriter(draw, ids), fate, { ...options, claims })
    const planned = { instanceId: `root-${index}`, program, fate }
    instances.push(planned)
    script.push(...planScript(draw, planned))
  }
  const purges = instances.filter(() => draw.chance(0.3)).map(({ instanceId }) => instanceId)
  return { seed, instances, script: script.sort((a, b) => a.atMs - b.atMs), purges }
}

function planProgram(writer: ProgramWriter, fate: Fate, { explicitChildIds, claims }: Pick<Place, 'explicitChildIds' | 'claims'>): ProgramNode {
  const { draw, ids } = writer
  const place: Place = { events: true, talks: true, detached: true, explicitChildIds, claims, depth: 3 }
  const calls = draw.int(3, 20)
  if (fate === 'rewound' || fate === 'fails') return planDoomed(writer, place, calls)
  let program = writer.program(place, calls)
  if (draw.chance(0.04)) program = writer.sequence([{ kind: 'events', id: ids.next++, event: 'Burst', count: draw.int(100, 600) }, program])
  if (fate === 'terminated' && draw.chance(0.6)) program = writer.sequence([program, { kind: 'forever', id: ids.next++ }])
  else if (draw.chance(0.25)) return { kind: 'generations', id: ids.next++, count: draw.int(2, 4), body: program }
  return program
}

/** A doomed activity in the instance or in a child. No events: while an instance has failed they are dropped. */
function planDoomed(writer: ProgramWriter, place: Place, calls: number): ProgramNode {
  const { draw, ids } = writer
  const quiet = { ...place, events: false }
  const first = writer.program(quiet, Math.ceil(calls / 2))
  const second = writer.program(quiet, Math.ceil(calls / 2))
  const doomed: ProgramNode = { kind: 'doomed', id: ids.next++ }
  const failing: ProgramNode = draw.chance(0.4) ? { kind: 'child', id: ids.next++, program: writer.sequence([doomed]) } : doomed
  if (draw.chance(0.5)) return writer.sequence([{ kind: 'all', id: ids.next++, children: [first, failing] }, second])
  return writer.sequence([first, failing, second])
}

function planScript(draw: Draw, { instanceId, program, fate }: PlannedInstance): ScriptStep[] {
  const needed = eventsNeeded(program)
  const startMs = draw.int(0, 5_000)
  const later = (): number => startMs + draw.delayMs()
  const start = planStart(draw, instanceId, startMs, needed)
  const steps: ScriptStep[] = []
  for (const [event, count] of needed) {
    for (let left = count; left > 0; ) {
      const part = left > 20 ? left : draw.int(1, left)
      steps.push({ kind: 'raise', atMs: later(), instanceId, event, count: part, atOnce: draw.chance(0.25) })
      left -= part
    }
  }
  if (draw.chance(0.2)) {
    const suspendMs = later()
    const resumeMs = suspendMs + draw.int(10, 20_000)
    // The second resume is for stores that may deliver the first one before the suspend.
    const second = { kind: 'resume', atMs: resumeMs + 300_000, instanceId } as const
    steps.push({ kind: 'suspend', atMs: suspendMs, instanceId }, { kind: 'resume', atMs: resumeMs, instanceId }, second)
  }
  // Last: a suspended instance does not fail, and later steps wait for the rewind.
  if (fate === 'rewound') steps.push({ kind: 'rewind', atMs: Math.max(later(), ...steps.map(({ atMs }) => atMs)), instanceId })
  if (fate === 'terminated') steps.push({ kind: 'terminate', atMs: later() + (draw.chance(0.5) ? 0 : 60_000), instanceId, recursive: draw.chance(0.5) })
  return [start, ...steps.sort((a, b) => a.atMs - b.atMs)]
}

function planStart(draw: Draw, instanceId: string, atMs: number, needed: Map<string, number>): StartStep {
  const delayMs = draw.chance(0.15) ? draw.int(1_000, 20_000) : undefined
  const rivals = draw.chance(0.2) ? Array.from({ length: draw.int(1, 2) }, () => (draw.chance(0.5) ? 'error' : 'skip') as 'error' | 'skip') : []
  const [event] = [...needed.keys()]
  if (event === undefined || !draw.chance(0.2)) return { kind: 'start', atMs, instanceId, delayMs, rivals }
  needed.set(event, (needed.get(event) as number) - 1)
  return { kind: 'start', atMs, instanceId, delayMs, event, rivals }
}
