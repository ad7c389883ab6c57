/** Compares what two runs of a scenario left behind. The answer is a list of differences for people; none means equal. */
import type { Row } from '@dtfx/azure-common'
import { canonicalScenario, type CanonicalInstance, type Scenario } from './canonical-scenario.js'
import { blobTexts, rowsOf, type Recording } from './recording.js'

export interface CompareOptions {
  /** `any`: into how many turns the messages fell is a matter of time, and so is the order of what came in. Default: `any`. */
  readonly turns?: 'exact' | 'any'
  /** Columns of Instances that only one of both has to have: .NET writes them for what a client started, and 1.17 nowhere else. */
  readonly optionalColumns?: readonly string[]
}

const optionalByDefault: readonly string[] = ['Generation', 'TaskHubName', 'Tags', 'CustomStatus']

export function scenarioOf(recording: Recording): Scenario {
  return {
    hub: recording.taskHub,
    history: rowsOf(recording, 'History'),
    instances: rowsOf(recording, 'Instances'),
    messages: recording.queueMessagesPut.map(({ queue, bodyText }) => ({ queue, text: bodyText })),
    blobs: blobTexts(recording),
  }
}

export function compareScenarios(produced: Scenario, recorded: Scenario, { turns = 'any', optionalColumns = optionalByDefault }: CompareOptions = {}): readonly string[] {
  const [left, right] = [canonicalScenario(produced), canonicalScenario(recorded)]
  const found: string[] = []
  for (const id of new Set([...Object.keys(left.instances), ...Object.keys(right.instances)])) {
    const [ours, theirs] = [left.instances[id], right.instances[id]]
    if (ours === undefined || theirs === undefined) found.push(`instance ${id}: only ${ours === undefined ? 'recorded' : 'produced'}`)
    else found.push(...instanceDifferences(ours, theirs, { turns, optionalColumns }).map((each) => `instance ${id}: ${each}`))
  }
  return [...found, ...listDifferences(left.messages, right.messages).map((each) => `message ${each}`)]
}

function instanceDifferences(ours: CanonicalInstance, theirs: CanonicalInstance, { turns, optionalColumns }: Required<CompareOptions>): readonly string[] {
  const lists = turns === 'exact' ? (['rows'] as const) : (['decisions', 'inputs'] as const)
  const rows = lists.flatMap((list) => {
    const [left, right] = [ours[list], theirs[list]]
    const count = left.length === right.length ? [] : [`${list}: ${left.length} produced, ${right.length} recorded`]
    return [...count, ...left.slice(0, right.length).flatMap((row, index) => rowDifferences(row, right[index] as Row, []).map((each) => `${list} ${index} (${String(row['EventType'])}): ${each}`))]
  })
  return [...rows, ...rowDifferences(ours.instance ?? {}, theirs.instance ?? {}, optionalColumns).map((each) => `Instances row: ${each}`)]
}

function rowDifferences(ours: Row, theirs: Row, optional: readonly string[]): readonly string[] {
  return [...new Set([...Object.keys(ours), ...Object.keys(theirs)])].flatMap((name) => {
    const [left, right] = [ours[name], theirs[name]]
    if (left === right || ((left === undefined || right === undefined) && optional.includes(name))) return []
    return [`${name}: ${shown(left)} produced, ${shown(right)} recorded`]
  })
}

/** Of sorted lists: what only one of both has. */
function listDifferences(ours: readonly string[], theirs: readonly string[]): readonly string[] {
  const left = [...ours]
  const onlyTheirs = theirs.filter((text) => {
    const at = left.indexOf(text)
    if (at >= 0) left.splice(at, 1)
    return at < 0
  })
  return [...left.map((text) => `only produced: ${text}`), ...onlyTheirs.map((text) => `only recorded: ${text}`)]
}

function shown(cell: unknown): string {
  const text = JSON.stringify(cell) ?? 'nothing'
  return text.length > 120 ? `${text.slice(0, 120)}…` : text
}
