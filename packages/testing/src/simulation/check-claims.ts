/**
 * Children under ids that several nodes start: of all starts of an id at least one is accepted, whoever is refused.
 * Counts what the traces of completed instances tell; a start that no trace tells of (it lost a race, its instance was terminated) may have been the one.
 */
import { generationsOf, nodesOf, type ClaimNode, type ProgramNode, type ProgramOutput } from './program.js'
import type { Scenario } from './scenario.js'
import type { Violation } from './violation.js'

/** What became of one start. */
export interface Claim {
  readonly node: ClaimNode
  /** Undefined: the id was in use. */
  readonly output: ProgramOutput | undefined
}

export function checkClaims(scenario: Scenario, claims: readonly Claim[]): Violation[] {
  const starts = new Map<string, number>()
  for (const { program } of scenario.instances) countStarts(program, 1, starts)
  const violations: Violation[] = []
  for (const [instanceId, count] of starts) {
    const told = claims.filter(({ node }) => node.childId === instanceId)
    if (told.length === count && told.every(({ output }) => output === undefined)) violations.push({ rule: 'claim', instanceId, detail: `all of its ${count} starts were refused` })
  }
  return violations
}

export function claimedIds({ instances }: Scenario): ReadonlySet<string> {
  const starts = new Map<string, number>()
  for (const { program } of instances) countStarts(program, 1, starts)
  return new Set(starts.keys())
}

function countStarts(program: ProgramNode, times: number, starts: Map<string, number>): void {
  const { count, body } = generationsOf(program)
  for (const node of nodesOf(body)) {
    if (node.kind === 'claim') starts.set(node.childId, (starts.get(node.childId) ?? 0) + count * times)
    if ('program' in node) countStarts(node.program, count * times, starts)
  }
}
