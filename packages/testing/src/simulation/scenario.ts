/** What happens in a simulation apart from faults: the instances, and what clients do to them at which time. Drawn from a seed. */
import { seededRandom } from '@dtfx/core/provider'
import { ProgramMaker, stepsOf, type Program, type ProgramOptions } from './program.js'

export interface PlannedInstance {
  readonly instanceId: string
  readonly program: Program
}

/** Virtual milliseconds after the begin. */
export type ScriptStep = { readonly atMs: number; readonly instanceId: string } & (
  | { readonly kind: 'start'; readonly startInMs?: number | undefined; readonly twice?: true | undefined }
  | { readonly kind: 'raise'; readonly name: string; readonly nonce: string }
  | { readonly kind: 'suspend' }
  | { readonly kind: 'resume' }
  | { readonly kind: 'terminate' }
)

export interface Scenario {
  readonly instances: readonly PlannedInstance[]
  readonly script: readonly ScriptStep[]
}

export interface ScenarioOptions extends ProgramOptions {
  readonly instances: number
}

/** Clients act within this time. */
const scriptMs = 60_000

export function randomScenario(seed: number, options: ScenarioOptions): Scenario {
  const random = seededRandom(seed)
  const maker = new ProgramMaker(random, options)
  const upTo = (most: number): number => Math.floor(random.next() * most)
  const script: ScriptStep[] = []
  const instances = Array.from({ length: options.instances }, (_, index): PlannedInstance => {
    const instanceId = `i${index}`
    const program = withoutLostEvents(maker.program())
    const startMs = upTo(5_000)
    script.push({ kind: 'start', atMs: startMs, instanceId, startInMs: random.next() < 0.15 ? upTo(10_000) : undefined, twice: random.next() < 0.2 ? true : undefined })
    for (const event of eventsOf(instanceId, program)) script.push({ kind: 'raise', atMs: startMs + 1 + upTo(scriptMs), instanceId, ...event })
    if (random.next() < 0.2) {
      const atMs = startMs + 1 + upTo(scriptMs / 2)
      script.push({ kind: 'suspend', atMs, instanceId }, { kind: 'resume', atMs: atMs + upTo(20_000), instanceId })
    }
    if (random.next() < 0.12) script.push({ kind: 'terminate', atMs: startMs + 1 + upTo(scriptMs), instanceId })
    return { instanceId, program }
  })
  return { instances, script: script.sort((a, b) => a.atMs - b.atMs) }
}

/** A failed instance takes no events until it is rewound: programs that wait for any do not fail. */
function withoutLostEvents(program: Program): Program {
  const takesEvents = [...stepsOf(program)].some(({ kind }) => kind === 'collect' || kind === 'talk')
  return takesEvents ? mended(program) : program
}

function mended(program: Program): Program {
  return program.map((step) => {
    if (step.kind === 'broken') return { kind: 'bad', id: step.id }
    if (step.kind === 'all') return { ...step, branches: step.branches.map(mended) }
    return 'body' in step ? { ...step, body: mended(step.body) } : step
  })
}

/** The events a root instance waits for. Children collect none. */
export function eventsOf(instanceId: string, program: Program): { readonly name: string; readonly nonce: string }[] {
  const events: { name: string; nonce: string }[] = []
  for (const step of stepsOf(program, { own: true })) {
    if (step.kind !== 'collect') continue
    for (let i = 0; i < step.count; i++) events.push({ name: eventName(step.id), nonce: `${instanceId}/${step.id}/${i}` })
  }
  return events
}

export function eventName(stepId: number): string {
  return `Event${stepId}`
}
