/**
 * A random orchestration as data: a tree of durable constructs that travels as the input of the orchestration that interprets it.
 *
 * Invariants:
 * 1. Node ids are unique within a scenario, sub-programs of children included; with the instance and its generation an id names one place of one run.
 * 2. Waits for events of clients stand only in programs of planned instances, never under a race, so that how many events a program takes is known before it runs.
 * 3. `generations` is only the outermost node of a program.
 */
interface NodeOf<Kind extends string> {
  readonly kind: Kind
  readonly id: number
}

export interface Composite extends NodeOf<'sequence' | 'all' | 'race' | 'any' | 'settled' | 'map'> {
  readonly children: readonly ProgramNode[]
  /** Of `map`: items open at once. */
  readonly concurrency?: number | undefined
}

export interface ActivityNode extends NodeOf<'activity'> {
  /** Which of the activities `Work0` … `Work3`. */
  readonly work: number
  readonly takesMs: number
}

/** `retried` fails its first `failures` attempts and then succeeds; `failing` fails all of its attempts, and the program goes on from there. */
export interface RetriedNode extends NodeOf<'retried' | 'failing'> {
  readonly failures: number
  readonly delayMs: number
}

/** Fails until the world forgives the instance, and the failure is not handled: the instance fails, a rewind lets it pass. */
export type DoomedNode = NodeOf<'doomed'>

export interface TimerNode extends NodeOf<'timer'> {
  readonly delayMs: number
}

/** An activity against a timer. */
export interface DeadlineNode extends NodeOf<'deadline'> {
  readonly delayMs: number
  readonly takesMs: number
}

/** Waits for `count` events of a name, one after the other. */
export interface EventsNode extends NodeOf<'events'> {
  readonly event: string
  readonly count: number
}

/** Waits for one event, but not for longer than `timeoutMs`. The name is of this node alone. */
export interface PatienceNode extends NodeOf<'patience'> {
  readonly event: string
  readonly timeoutMs: number
}

/** Waits for an event that nobody sends: only a termination ends it. */
export type ForeverNode = NodeOf<'forever'>

export interface ChildNode extends NodeOf<'child' | 'detached'> {
  readonly program: ProgramNode
  /** The program names the child itself instead of leaving that to the framework. */
  readonly explicitId?: boolean | undefined
}

/**
 * A child under an id that others start too, of the same instance or of another: while one of them runs the start is refused, one that has ended is replaced.
 * Its program starts no children whose ids it names, and claims nothing.
 */
export interface ClaimNode extends NodeOf<'claim'> {
  readonly program: ProgramNode
  readonly childId: string
}

/** A child that asks and a parent that answers, `rounds` times, by events. */
export interface TalkNode extends NodeOf<'talk'> {
  readonly rounds: number
  readonly program: AskNode
}
export interface AskNode extends NodeOf<'ask'> {
  readonly rounds: number
}

/** Code that was changed while instances ran: `before` is the old code, `after` the new one. */
export interface PatchedNode extends NodeOf<'patched'> {
  readonly before: ProgramNode
  readonly after: ProgramNode
}

export type StatusNode = NodeOf<'status'>

/** Runs `body` in `count` executions, each but the last ended by continue-as-new. */
export interface GenerationsNode extends NodeOf<'generations'> {
  readonly count: number
  readonly body: ProgramNode
}

export type ProgramNode =
  | Composite | ActivityNode | RetriedNode | DoomedNode | TimerNode | DeadlineNode | EventsNode | PatienceNode | ForeverNode
  | ChildNode | ClaimNode | TalkNode | AskNode | PatchedNode | StatusNode | GenerationsNode

/** What the interpreting orchestration gets. */
export interface ProgramInput {
  readonly program: ProgramNode
  /** The planned instance this one belongs to. */
  readonly root: string
  readonly generation: number
  /** Traces of the generations before. */
  readonly carried: readonly Trace[]
  /** Of an asking child: what the names of its events begin with. */
  readonly talk?: string | undefined
}

/** What an instance returns: the whole of what it saw, one trace per generation. */
export interface ProgramOutput {
  readonly instanceId: string
  readonly generations: readonly Trace[]
}

/** What one node saw; which members there are depends on its kind. */
export interface Trace {
  readonly id: number
  /** Result of an activity. */
  readonly nonce?: number | undefined
  /** Failure of an activity: the nonce of the attempt that failed. */
  readonly error?: number | undefined
  readonly of?: readonly Trace[] | undefined
  readonly winner?: number | undefined
  readonly fired?: true | undefined
  readonly events?: readonly number[] | undefined
  readonly child?: ProgramOutput | undefined
  readonly detached?: string | undefined
  /** The id of the child was in use. */
  readonly refused?: true | undefined
  readonly heard?: readonly string[] | undefined
  readonly patched?: boolean | undefined
  readonly status?: true | undefined
}

export const neverSent = 'Never'

/** Nodes below `node` in the same instance. */
export function innerNodes(node: ProgramNode): readonly ProgramNode[] {
  switch (node.kind) {
    case 'sequence': case 'all': case 'race': case 'any': case 'settled': case 'map':
      return node.children
    case 'patched':
      return [node.before, node.after]
    case 'generations':
      return [node.body]
    default:
      return []
  }
}

/** `node` and everything below it in the same instance. */
export function* nodesOf(node: ProgramNode): Generator<ProgramNode> {
  yield node
  for (const inner of innerNodes(node)) yield* nodesOf(inner)
}

/** `node` and everything below it, programs of children included. */
export function* familyOf(node: ProgramNode): Generator<ProgramNode> {
  for (const each of nodesOf(node)) {
    yield each
    if ('program' in each) yield* familyOf(each.program)
  }
}

/** How many events of which names clients have to send to an instance that runs `program`. */
export function eventsNeeded(program: ProgramNode): Map<string, number> {
  const needed = new Map<string, number>()
  const { count: times, body } = generationsOf(program)
  for (const node of nodesOf(body)) {
    if (node.kind === 'events') needed.set(node.event, (needed.get(node.event) ?? 0) + node.count * times)
    if (node.kind === 'patience') needed.set(node.event, times)
  }
  return needed
}

export function generationsOf(program: ProgramNode): { readonly count: number; readonly body: ProgramNode } {
  return program.kind === 'generations' ? program : { count: 1, body: program }
}

/** The place of a node in a run, as activities get it. */
export function placeOf(node: ProgramNode, generation: number): string {
  return `${node.id}.${generation}`
}
