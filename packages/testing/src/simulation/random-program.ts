/**
 * Random programs. What a program may hold depends on where it stands: see `Place`.
 * Invariant: whatever is drawn comes to an end, if its events are sent and its doomed activities are forgiven.
 */
import type { Draw } from './draw.js'
import type { AskNode, Composite, ProgramNode } from './program.js'

/** What may stand at a place of a program. */
export interface Place {
  /** Waits for events that clients send: not in children, whose ids clients do not know, nor under a race, whose losers may take events or not. */
  readonly events: boolean
  /** Conversations: not under a race either. */
  readonly talks: boolean
  /** Children that are started and not waited for. */
  readonly detached: boolean
  readonly explicitChildIds: boolean
  /** Children under ids that others start too; empty: none. */
  readonly claims: readonly string[]
  readonly depth: number
}

type Kind = ProgramNode['kind']

const leaves: readonly (readonly [Kind, number])[] = [
  ['activity', 26], ['retried', 7], ['failing', 4], ['timer', 7], ['deadline', 6], ['events', 12], ['patience', 4], ['child', 8], ['detached', 2], ['talk', 4], ['claim', 8], ['status', 3],
]
const composites: readonly (readonly [Kind | 'again', number])[] = [['sequence', 20], ['all', 20], ['race', 12], ['any', 6], ['settled', 8], ['map', 7], ['patched', 6], ['again', 3]]
const eventNames = ['Red', 'Green', 'Blue']

/** Ids for all nodes of one scenario. */
export interface Ids {
  next: number
}

export class ProgramWriter {
  /** Durable calls that may still be drawn. */
  #left = 0

  constructor(
    readonly draw: Draw,
    readonly ids: Ids,
  ) {}

  /** A whole program of at most about `calls` durable calls. */
  program(place: Place, calls: number): ProgramNode {
    this.#left = calls
    const children = Array.from({ length: this.draw.int(2, 3) }, () => this.#node({ ...place, depth: place.depth - 1 }))
    return this.sequence([...children, this.#leaf({ ...place, events: false, talks: false, depth: 0 }, 'activity')])
  }

  sequence(children: readonly ProgramNode[]): Composite {
    return { kind: 'sequence', id: this.ids.next++, children }
  }

  #node(place: Place): ProgramNode {
    const isLeaf = place.depth <= 0 || this.#left <= 0 || this.draw.chance(0.35)
    return isLeaf ? this.#leaf(place, this.#leafKind(place)) : this.#composite(place)
  }

  #leafKind(place: Place): Kind {
    if (this.#left <= 0) return 'status'
    const allowed = leaves.filter(([kind]) => {
      if (kind === 'events' || kind === 'patience') return place.events
      if (kind === 'talk') return place.talks
      if (kind === 'detached') return place.detached && place.depth > 0
      if (kind === 'claim') return place.claims.length > 0 && place.depth > 0
      return kind !== 'child' || place.depth > 0
    })
    return this.draw.weighted(allowed)
  }

  #composite(place: Place): ProgramNode {
    const { draw } = this
    const kind = draw.weighted(composites.filter(([each]) => each !== 'again' || place.claims.length > 0))
    const inner = { ...place, depth: place.depth - 1 }
    const quiet = { ...inner, events: false, talks: false }
    const id = this.ids.next++
    if (kind === 'again') return this.#again(id, quiet)
    if (kind === 'patched') return { kind, id, before: this.#node(quiet), after: this.#node(quiet) }
    const isRace = kind === 'race' || kind === 'any'
    const children = Array.from({ length: draw.int(2, kind === 'map' ? 5 : 3) }, () => this.#node(isRace ? quiet : inner))
    return kind === 'map' ? { kind, id, children, concurrency: draw.int(1, 3) } : { kind: kind as Composite['kind'], id, children }
  }

  /** The same child more than once, at the same time or one after the other. */
  #again(id: number, place: Place): ProgramNode {
    const { draw } = this
    const children = Array.from({ length: draw.int(2, 3) }, () => this.#leaf({ ...place, claims: [`again-${id}`] }, 'claim'))
    return { kind: draw.weighted([['sequence', 4], ['all', 4], ['race', 2]]), id, children }
  }

  #leaf(place: Place, kind: Kind): ProgramNode {
    const { draw } = this
    const id = this.ids.next++
    this.#left--
    switch (kind) {
      case 'retried': case 'failing':
        return { kind, id, failures: draw.int(1, 3), delayMs: draw.int(10, 5_000) }
      case 'timer':
        return { kind, id, delayMs: draw.delayMs() }
      case 'deadline': {
        const delayMs = draw.delayMs()
        return { kind, id, delayMs, takesMs: draw.chance(0.3) ? delayMs : draw.delayMs() }
      }
      case 'events':
        return { kind, id, event: eventNames[draw.int(0, 2)] as string, count: draw.chance(0.5) ? 1 : draw.int(2, 4) }
      case 'patience':
        return { kind, id, event: `Maybe${id}`, timeoutMs: draw.delayMs() }
      case 'child': case 'detached':
        return { kind, id, program: this.#childProgram(place), explicitId: place.explicitChildIds && draw.chance(0.4) ? true : undefined }
      case 'claim': {
        const childId = place.claims[draw.int(0, place.claims.length - 1)] as string
        return { kind, id, program: this.#childProgram({ ...place, explicitChildIds: false, claims: [] }), childId }
      }
      case 'talk': {
        const rounds = draw.int(1, 3)
        const program: AskNode = { kind: 'ask', id: this.ids.next++, rounds }
        return { kind, id, rounds, program }
      }
      case 'status':
        return { kind, id }
      default:
        return { kind: 'activity', id, work: draw.int(0, 3), takesMs: draw.chance(0.5) ? 0 : draw.int(10, 5_000) }
    }
  }

  #childProgram(place: Place): ProgramNode {
    const { draw } = this
    const body = this.sequence([this.#node({ ...place, events: false, depth: Math.min(place.depth - 1, 2) }), this.#leaf({ ...place, depth: 0 }, 'activity')])
    return draw.chance(0.15) ? { kind: 'generations', id: this.ids.next++, count: draw.int(2, 3), body } : body
  }
}
