/**
 * Is what is left of a simulated run what its scenario allows? Compares the final states, outputs and histories of all instances with the plan and with the ledger.
 *
 * Rules, by the name that a violation carries:
 * status, start, missing, shape, nonce (swapped), doubled, event-lost, event-order, child, claim, and those of check-history.ts: one-start, one-end, ids, answers, timer, event-doubled.
 */
import { isFinal, limits, type HistoryEvent, type InstanceState } from '@dtfx/core/provider'
import { checkClaims, claimedIds, type Claim } from './check-claims.js'
import { checkHistory } from './check-history.js'
import { checkTrace, type TraceFacts } from './check-trace.js'
import type { EventEntry, Ledger, Nonce } from './ledger.js'
import { nonceOfFailure } from './nonce-of-failure.js'
import { commandReason } from './perform-step.js'
import { eventsNeeded, familyOf, generationsOf, nodesOf, type ProgramInput, type ProgramNode, type ProgramOutput } from './program.js'
import type { PlannedInstance, Scenario } from './scenario.js'
import { Findings, type Violation } from './violation.js'

/** An instance, planned or child, as the store shows it when nothing happens any more. Payloads are plain JSON text. */
export interface ObservedInstance {
  readonly state: InstanceState
  readonly history: readonly HistoryEvent[]
}

export interface CheckOptions {
  /** Events of one name, sent one after the other, arrive in that order. @default true */
  readonly eventOrder?: boolean | undefined
  /** A turn that was lost may have sent its events and its result and started its children: true for `messages-first`. @default false */
  readonly allowsRepeatedSends?: boolean | undefined
}

export function checkWorld(scenario: Scenario, ledger: Ledger, observed: readonly ObservedInstance[], options: CheckOptions = {}): Violation[] {
  return new WorldCheck(scenario, ledger, observed, options).run()
}

/** Instances that were purged are gone. `left`: the states after the purges. */
export function checkPurged(purged: readonly string[], left: readonly InstanceState[]): Violation[] {
  const there = new Set(left.map(({ instanceId }) => instanceId))
  return purged.filter((id) => there.has(id)).map((instanceId) => ({ rule: 'purge', instanceId, detail: 'was purged and is still there' }))
}

interface Subject extends ObservedInstance {
  readonly input: ProgramInput
  readonly output: ProgramOutput | undefined
  readonly planned: PlannedInstance
}

class WorldCheck {
  readonly #violations: Violation[] = []
  readonly #subjects = new Map<string, Subject>()
  readonly #owners = new Map<Nonce, string>()
  readonly #programs = new Map<number, ProgramNode>()
  /** Instances of which only the last of several executions is there to be seen: results are judged where they arrived. */
  readonly #claimed: ReadonlySet<string>
  readonly #claims: Claim[] = []

  constructor(
    readonly scenario: Scenario,
    readonly ledger: Ledger,
    readonly observed: readonly ObservedInstance[],
    readonly options: CheckOptions,
  ) {
    this.#claimed = claimedIds(scenario)
  }

  run(): Violation[] {
    for (const { program } of this.scenario.instances) {
      for (const node of familyOf(program)) this.#programs.set(node.id, node)
    }
    for (const instance of this.observed) this.#admit(instance)
    for (const planned of this.scenario.instances) {
      if (!this.#subjects.has(planned.instanceId)) this.#report('missing', planned.instanceId, 'was started and is not there')
      this.#checkStarts(planned)
    }
    for (const subject of this.#subjects.values()) this.#checkInstance(subject)
    // A turn that was lost may have started a child whose answer nobody waits for.
    if (this.options.allowsRepeatedSends !== true) this.#violations.push(...checkClaims(this.scenario, this.#claims))
    return this.#violations
  }

  #report(rule: string, instanceId: string, detail: string): void {
    this.#violations.push({ rule, instanceId, detail })
  }

  #admit(instance: ObservedInstance): void {
    const { instanceId, input: text, output } = instance.state
    const input = parsed<ProgramInput>(text)
    const planned = this.scenario.instances.find((each) => each.instanceId === input?.root)
    const program = input === undefined ? undefined : this.#programs.get(input.program.id)
    if (input === undefined || planned === undefined || !same(program, input.program)) return this.#report('missing', instanceId, `runs what nobody planned: ${text?.slice(0, 200)}`)
    this.#subjects.set(instanceId, { ...instance, input, planned, output: instance.state.status === 'Completed' ? parsed<ProgramOutput>(output) : undefined })
  }

  /** Of all starts of an id one wins. */
  #checkStarts({ instanceId }: PlannedInstance): void {
    const calls = this.ledger.calls('start', instanceId)
    const won = new Set(calls.flatMap(({ outcome, executionId }) => (outcome === 'acknowledged' ? [executionId] : [])))
    const unknown = calls.filter(({ outcome }) => outcome === 'unknown').length
    if (won.size > 1 || (won.size === 0 && unknown === 0)) this.#report('start', instanceId, `${won.size} of ${calls.length} starts won`)
  }

  #checkInstance(subject: Subject): void {
    const { state, history, planned, input, output } = subject
    const findings = new Findings(state.instanceId)
    this.#checkStatus(subject, findings)
    if (output !== undefined) {
      const facts = this.#trace(state.instanceId, input.program, output, findings)
      if (!this.#claimed.has(state.instanceId)) this.#checkDoubled(state.instanceId, facts, findings)
      this.#checkChildren(facts, findings)
      for (const claim of facts.claims) this.#checkClaim(state.instanceId, claim, findings)
      if (state.instanceId === planned.instanceId) this.#checkLost(planned, facts, findings)
    } else if (state.status === 'Completed') findings.add('shape', `has no output: ${state.output?.slice(0, 200)}`)
    this.#violations.push(...findings.violations)
    const wasRewound = planned.fate === 'rewound'
    // A turn that a rewind undoes has sent its events already.
    const allowsRepeatedEvents = this.options.allowsRepeatedSends === true || wasRewound || this.#forgets(state.instanceId)
    const rules = { instanceId: state.instanceId, wasRewound, allowsRepeatedEvents }
    this.#violations.push(...checkHistory(history, rules))
  }

  #trace(id: string, program: ProgramNode, { instanceId, generations }: ProgramOutput, findings: Findings): TraceFacts {
    const { count, body } = generationsOf(program)
    if (instanceId !== id || generations.length !== count) findings.add('shape', `is the output of ${instanceId} with ${generations.length} of ${count} generations`)
    const { eventOrder, allowsRepeatedSends } = this.options
    return checkTrace({ instanceId: id, ledger: this.ledger, findings, checkOrder: eventOrder !== false, checkTalks: allowsRepeatedSends !== true }, body, generations)
  }

  #checkClaim(by: string, claim: Claim, findings: Findings): void {
    const { node, output } = claim
    this.#claims.push(claim)
    if (output === undefined) return
    const facts = this.#trace(node.childId, node.program, output, findings)
    this.#checkDoubled(`${node.childId} for ${by}`, facts, findings)
    this.#checkChildren(facts, findings)
  }

  #checkStatus({ state, planned, history, input }: Subject, findings: Findings): void {
    const allowed = [...this.#allowedStatuses(planned, state.instanceId), ...this.#strayStatuses(planned, input)]
    if (!allowed.includes(state.status)) return findings.add('status', `is ${state.status} instead of ${allowed.join(' or ')}${state.failure === undefined ? '' : `: ${state.failure.errorMessage}`}`)
    if (state.status === 'Failed' && !this.#failedAsPlanned(state, input.root)) findings.add('status', `failed for another reason: ${state.failure?.errorMessage}`)
    const end = history.findLast((event) => event.type === 'ExecutionCompleted')
    if (isFinal(state.status) !== (end !== undefined)) findings.add('status', `is ${state.status}, its history ${end === undefined ? 'goes on' : `ended as ${end.status}`}`)
    else if (end !== undefined && (end.status !== state.status || (state.status === 'Completed' && end.result !== state.output))) findings.add('status', `is ${state.status}, its history ended otherwise, as ${end.status}`)
  }

  /** Statuses that an instance may have at the end; undefined stands for those that have not ended. */
  #allowedStatuses({ fate, instanceId, program }: PlannedInstance, id: string): readonly string[] {
    const isRoot = instanceId === id
    if (fate === 'completes') return ['Completed']
    if (fate === 'fails') return isRoot ? ['Failed'] : ['Completed', 'Failed']
    // A child whose start was undone stays failed, and another takes its place.
    if (fate === 'rewound') return isRoot ? ['Completed'] : ['Completed', 'Terminated', 'Failed']
    // An instance that has ended is terminated by ending each of its descendants: their ends may reach their parents before the termination does.
    if (!isRoot) return ['Completed', 'Terminated', 'Running', ...(this.#isTerminatedWhole(instanceId) ? ['Failed'] : [])]
    const mustEnd = [...nodesOf(program)].some(({ kind }) => kind === 'forever')
    return mustEnd ? ['Terminated'] : ['Completed', 'Terminated']
  }

  /** A child may wait for the answer of a parent that has failed, one that a lost turn started also for that of a parent that is over. Also a root may hear of the end of children that a lost turn has terminated before its termination is done again. */
  #strayStatuses({ instanceId, fate }: PlannedInstance, { program, talk }: ProgramInput): readonly string[] {
    const asks = talk !== undefined && program.kind === 'ask'
    if (asks && fate === 'fails') return ['Running']
    if (this.options.allowsRepeatedSends !== true) return []
    if (asks) return ['Running']
    return this.#isTerminatedWhole(instanceId) ? ['Failed'] : []
  }

  #isTerminatedWhole(root: string): boolean {
    return this.scenario.script.some((step) => step.kind === 'terminate' && step.recursive && step.instanceId === root)
  }

  #failedAsPlanned({ failure }: InstanceState, root: string): boolean {
    if (this.#isTerminatedWhole(root)) return failure?.errorMessage.endsWith(commandReason) === true
    const entry = this.ledger.find(nonceOfFailure(failure?.errorMessage ?? '') ?? -1)
    return entry?.kind === 'activity' && entry.name === 'Doomed'
  }

  #checkDoubled(instanceId: string, { nonces }: TraceFacts, findings: Findings): void {
    for (const nonce of nonces) {
      const owner = this.#owners.get(nonce)
      const isExcused = owner === instanceId && this.ledger.find(nonce)?.kind === 'event' && this.#forgets(instanceId)
      if (owner !== undefined && !isExcused) findings.add('doubled', `${nonce} was seen before, by ${owner}`)
      this.#owners.set(nonce, instanceId)
    }
  }

  /** An instance that gets more events than it remembers the ids of may take a late copy for another one. */
  #forgets(instanceId: string): boolean {
    return this.ledger.events.filter((entry) => entry.instanceId === instanceId).length > limits.maxConsumedIds
  }

  #checkChildren({ children, detached }: TraceFacts, findings: Findings): void {
    for (const { node, output } of children) {
      const child = this.#subjects.get(output.instanceId)
      if (child === undefined) findings.add('child', `${output.instanceId} is not there`)
      else if (child.input.program.id !== node.id) findings.add('child', `${output.instanceId} runs another program`)
      else if (!same(child.output, output)) this.#checkOtherResult(child, output, findings)
    }
    for (const id of detached) if (!this.#subjects.has(id)) findings.add('child', `${id} is not there`)
  }

  /** A turn of the child that was lost may have told the parent its result: another than that of the turn that counts, but a right one. */
  #checkOtherResult({ state, input }: Subject, output: ProgramOutput, findings: Findings): void {
    if (this.options.allowsRepeatedSends !== true) return findings.add('child', `${state.instanceId} has another result than its parent got`)
    checkTrace({ instanceId: state.instanceId, ledger: this.ledger, findings, checkOrder: false, checkTalks: false }, generationsOf(input.program).body, output.generations)
  }

  /** Acknowledged events that are neither in the trace nor outnumbered by others that arrived in their place. */
  #checkLost({ instanceId, program }: PlannedInstance, { nonces }: TraceFacts, findings: Findings): void {
    const seen = new Set(nonces)
    const patient = new Set([...nodesOf(program)].flatMap((node) => (node.kind === 'patience' ? [node.event] : [])))
    const sent = this.ledger.events.filter((entry) => entry.instanceId === instanceId)
    for (const name of eventsNeeded(program).keys()) {
      if (patient.has(name)) continue
      const lost = sent.filter((entry) => entry.name === name && entry.outcome === 'acknowledged' && !seen.has(entry.nonce))
      const instead = sent.filter((entry) => entry.name === name && entry.outcome === 'unknown' && seen.has(entry.nonce))
      const again = this.#forgets(instanceId) ? doubled(nonces, sent, name) : 0
      if (lost.length > instead.length + again) findings.add('event-lost', `${name} ${lost.map(({ nonce }) => nonce).join(', ')} was acknowledged and did not arrive`)
    }
  }
}

/** How many of the events with a name were seen once more. */
function doubled(nonces: readonly Nonce[], sent: readonly EventEntry[], name: string): number {
  const named = new Set(sent.flatMap((entry) => (entry.name === name ? [entry.nonce] : [])))
  const seen = nonces.filter((nonce) => named.has(nonce))
  return seen.length - new Set(seen).size
}

function parsed<T>(text: string | undefined): T | undefined {
  try {
    return text === undefined ? undefined : (JSON.parse(text) as T)
  } catch {
    return undefined
  }
}

/** Equal as JSON. */
function same(a: unknown, b: unknown): boolean {
  return a === b || (a !== undefined && b !== undefined && JSON.stringify(a) === JSON.stringify(b))
}
