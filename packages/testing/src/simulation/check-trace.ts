/**
 * Does a trace have the shape that its program demands, and is every nonce in it one that was issued for exactly this place? Walks program and trace side by side.
 * Nonces, children and texts that are met on the way are collected for the rules that compare instances.
 */
import type { Claim } from './check-claims.js'
import { workNames } from './definitions.js'
import type { EventEntry, Ledger, Nonce } from './ledger.js'
import { placeOf, type ClaimNode, type ProgramNode, type ProgramOutput, type Trace } from './program.js'
import type { Findings } from './violation.js'

export interface TraceSubject {
  readonly instanceId: string
  readonly ledger: Ledger
  readonly findings: Findings
  /** Events of one name come in the order in which they were sent, if the sends were one after the other. */
  readonly checkOrder: boolean
  /** All questions come, in the order of their rounds. Not so where a turn may be lost that has answered: then the next question, or the result, overtakes the one that was answered. */
  readonly checkTalks: boolean
}

/** What a trace told. */
export interface TraceFacts {
  readonly nonces: Nonce[]
  readonly children: { readonly node: ProgramNode; readonly output: ProgramOutput }[]
  /** Ids of children that were started and not waited for. */
  readonly detached: string[]
  readonly claims: Claim[]
}

export function checkTrace(subject: TraceSubject, body: ProgramNode, generations: readonly Trace[]): TraceFacts {
  const facts: TraceFacts = { nonces: [], children: [], detached: [], claims: [] }
  generations.forEach((trace, generation) => new TraceCheck(subject, facts, generation).check(body, trace))
  return facts
}

class TraceCheck {
  constructor(
    readonly subject: TraceSubject,
    readonly facts: TraceFacts,
    readonly generation: number,
  ) {}

  check(node: ProgramNode, trace: Trace | undefined): void {
    if (trace?.id !== node.id) return this.#shape(node, trace, 'belongs to another node')
    switch (node.kind) {
      case 'sequence': case 'all': case 'map': case 'settled':
        return this.#children(node, node.children, trace)
      case 'race':
        return this.#winner(node, node.children, trace)
      case 'any':
        return trace.winner === undefined ? this.#children(node, node.children, trace) : this.#winner(node, node.children, trace)
      case 'activity':
        return this.#activity(node, workNames[node.work] as string, trace.nonce)
      case 'retried':
        return this.#activity(node, 'Flaky', trace.nonce)
      case 'failing':
        return this.#activity(node, 'Failing', trace.error)
      case 'doomed':
        return this.#activity(node, 'Doomed', trace.nonce)
      case 'timer':
        return trace.fired === true ? undefined : this.#shape(node, trace, 'did not fire')
      case 'deadline':
        return trace.winner === 0 && trace.nonce === undefined ? undefined : this.#activity(node, 'Work0', trace.winner === 1 ? trace.nonce : undefined)
      case 'events':
        return this.#events(node, node.event, trace, [node.count])
      case 'patience':
        return this.#events(node, node.event, trace, [0, 1])
      case 'status':
        return trace.status === true ? undefined : this.#shape(node, trace, 'was not set')
      case 'child':
        return this.#child(node, node.program, trace)
      case 'detached':
        return trace.detached === undefined ? this.#shape(node, trace, 'names no child') : void this.facts.detached.push(trace.detached)
      case 'claim':
        return this.#claim(node, trace)
      case 'talk':
        return this.#talk(node, trace, node.rounds)
      case 'ask':
        return trace.heard?.length === node.rounds ? undefined : this.#shape(node, trace, `heard ${trace.heard?.length} of ${node.rounds} answers`)
      case 'patched':
        return this.#children(node, [trace.patched === true ? node.after : node.before], trace)
      case 'forever':
      case 'generations':
        return this.#shape(node, trace, 'cannot be in a trace')
    }
  }

  #shape(node: ProgramNode, trace: Trace | undefined, problem: string): void {
    this.subject.findings.add('shape', `${node.kind} ${placeOf(node, this.generation)} ${problem}: ${JSON.stringify(trace)?.slice(0, 200)}`)
  }

  #children(node: ProgramNode, children: readonly ProgramNode[], trace: Trace): void {
    if (trace.of?.length !== children.length) return this.#shape(node, trace, `has ${trace.of?.length} of ${children.length} parts`)
    children.forEach((child, index) => this.check(child, trace.of?.[index]))
  }

  #winner(node: ProgramNode, children: readonly ProgramNode[], trace: Trace): void {
    const winner = children[trace.winner ?? -1]
    if (winner === undefined || trace.of?.length !== 1) return this.#shape(node, trace, 'has no winner')
    if (node.kind === 'any' && trace.of[0]?.error !== undefined) return this.#shape(node, trace, 'was won by a failure')
    this.check(winner, trace.of[0])
  }

  #activity(node: ProgramNode, name: string, nonce: Nonce | undefined): void {
    if (nonce === undefined) return this.#shape(node, { id: node.id }, 'has no result')
    this.facts.nonces.push(nonce)
    const at = placeOf(node, this.generation)
    const entry = this.subject.ledger.find(nonce)
    if (entry === undefined) return this.subject.findings.add('nonce', `${nonce} of ${name} at ${at} was never issued`)
    if (entry.kind === 'activity' && entry.name === name && entry.at === at && entry.instanceId === this.subject.instanceId) return
    this.subject.findings.add('nonce', `${nonce} at ${name} ${at} was issued for ${JSON.stringify(entry)}`)
  }

  #events(node: ProgramNode, name: string, trace: Trace, counts: readonly number[]): void {
    const nonces = trace.events ?? []
    if (!counts.includes(nonces.length)) return this.#shape(node, trace, `has ${nonces.length} events`)
    const entries: EventEntry[] = []
    for (const nonce of nonces) {
      this.facts.nonces.push(nonce)
      const entry = this.subject.ledger.find(nonce)
      if (entry?.kind !== 'event' || entry.name !== name || entry.instanceId !== this.subject.instanceId || entry.outcome === 'refused') {
        this.subject.findings.add('nonce', `${nonce} at event ${name} ${placeOf(node, this.generation)} is ${JSON.stringify(entry) ?? 'unknown'}`)
      } else entries.push(entry)
    }
    if (this.subject.checkOrder) this.#order(name, entries)
  }

  #order(name: string, entries: readonly EventEntry[]): void {
    let latest = 0
    for (const { nonce, begunAt, endedAt, outcome, inOrder } of entries) {
      if (!inOrder) continue
      if (outcome === 'acknowledged' && endedAt !== undefined && endedAt < latest) {
        this.subject.findings.add('event-order', `${nonce} of ${name} came after one that was sent later, at ${latest}`)
      }
      latest = Math.max(latest, begunAt)
    }
  }

  #child(node: ProgramNode, program: ProgramNode, trace: Trace): void {
    if (trace.child === undefined || !Array.isArray(trace.child.generations)) return this.#shape(node, trace, 'has no result')
    this.facts.children.push({ node: program, output: trace.child })
  }

  #claim(node: ClaimNode, trace: Trace): void {
    const { child, refused } = trace
    if (refused === true ? child !== undefined : child?.instanceId !== node.childId) return this.#shape(node, trace, 'is neither refused nor the result of its child')
    this.facts.claims.push({ node, output: child })
  }

  /** What was asked and answered on both sides. */
  #talk(node: ProgramNode & { readonly program: ProgramNode }, trace: Trace, rounds: number): void {
    this.#child(node, node.program, trace)
    const { child, heard = [] } = trace
    const questions = Array.from({ length: rounds }, (_, round) => `${child?.instanceId} asks ${round}`)
    const isHeard = this.subject.checkTalks ? heard.length === rounds && heard.every((text, round) => text === questions[round]) : heard.every((text) => questions.includes(text))
    if (!isHeard) this.#shape(node, trace, `heard other than ${rounds} questions`)
    const answers = child?.generations[0]?.heard ?? []
    if (questions.some((text, round) => answers[round] !== `answer to ${text}`)) this.#shape(node, trace, 'was answered by another')
  }
}
