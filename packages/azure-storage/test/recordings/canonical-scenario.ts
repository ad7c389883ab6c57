/**
 * What a run left in a storage account, in a form in which two runs of the same scenario are equal: ids, times and names of the hub are replaced by what they stand for,
 * and what is listed in `dropped` is left out. Pure; used on recordings of .NET and on what our own provider wrote.
 */
import { parseWire, wireText, type WireObject } from '@dtfx/core/provider'
import { decodeQueueMessage } from '../../src/messages/queue-message.js'
import { blobsOfHistoryRow, withTexts } from '../../src/rows/large-columns.js'
import { isTyped, type Row, type StoredRow, unescapeKey } from '@dtfx/azure-common'
import { sentinelRowKey } from '../../src/rows/row-key.js'

export interface Scenario {
  readonly hub: string
  readonly history: readonly StoredRow[]
  readonly instances: readonly StoredRow[]
  /** In the order they were put; decoded text. */
  readonly messages: readonly { readonly queue: string; readonly text: string }[]
  /** Of the hub's container, by name. */
  readonly blobs: ReadonlyMap<string, string>
}

export interface CanonicalInstance {
  /** Events in order, without the marks of turns. */
  readonly decisions: readonly Row[]
  /** What came from outside, sorted: its order is a matter of time. */
  readonly inputs: readonly Row[]
  /** All rows in order, with their keys. */
  readonly rows: readonly Row[]
  readonly instance: Row | undefined
}

export interface CanonicalScenario {
  readonly instances: Readonly<Record<string, CanonicalInstance>>
  /** Sorted. */
  readonly messages: readonly string[]
}

/** Left out on both sides, each with its reason. So is what has no value, however it is written: round-trip.test.ts compares that. */
export const dropped = {
  columns: {
    ClientSpanId: 'a random number of 1.17',
    ParentTraceContext: 'depends on the tracing of the process',
    MessageId: 'ours',
    SeedExecutionId: 'ours',
    PreviousMessageId: 'ours',
    DtfxExecutionId: 'ours',
    StateSequence: 'ours',
    StartMessageId: 'ours',
    StartMessages: 'ours',
    ParentInstanceId: 'ours',
  } as Readonly<Record<string, string>>,
  /** Of messages. */
  members: {
    ActivityId: 'a GUID',
    SequenceNumber: 'counts the messages of a process',
    Episode: 'a count of .NET, 31 bits of an id of ours',
    Dtfx: 'ours',
    MessageId: 'ours',
    Sender: '.NET names the orchestration as sender of an answer of its activity, we name none',
    ParentTraceContext: 'depends on the tracing of the process',
    SerializableTraceContext: 'as above',
    $type: 'names of dictionaries differ between runtimes; those of events are compared by EventType',
    GenerateNewTrace: 'not there in 1.17',
  } as Readonly<Record<string, string>>,
}

export function canonicalScenario(scenario: Scenario): CanonicalScenario {
  const naming = new Naming(scenario)
  const messages = scenario.messages.map(({ queue, text }) => naming.plain(`${queue.endsWith('-workitems') ? 'workitems' : 'control'} ${canonicalMessage(text, scenario)}`)).sort()
  const instances: Record<string, CanonicalInstance> = {}
  for (const key of new Set([...scenario.instances, ...scenario.history].map(({ partitionKey }) => partitionKey))) {
    const rows = canonicalRows(scenario, key, naming)
    const shown = scenario.instances.find(({ partitionKey }) => partitionKey === key)
    instances[naming.plain(unescapeKey(key))] = {
      decisions: rows.filter(isDecision).map(withoutKey),
      inputs: rows.filter((row) => !isDecision(row) && !isMark(row)).map(withoutKey).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
      rows,
      instance: shown === undefined ? undefined : canonicalRow(shown.columns, naming),
    }
  }
  return { instances, messages }
}

/** Names for the execution ids of a run: `<execution 2 of order-1>`. */
class Naming {
  readonly #names = new Map<string, string>()
  readonly #counts = new Map<string, number>()

  constructor(readonly scenario: Scenario) {
    for (const { text } of scenario.messages) this.#visit(wholeMessage(text, scenario))
    for (const { partitionKey, columns } of [...scenario.history, ...scenario.instances]) this.#name(unescapeKey(partitionKey), columns['ExecutionId'])
  }

  plain(text: string): string {
    let named = text
    for (const [id, name] of this.#names) named = named.replaceAll(id, name)
    return named
      .replace(/(<execution \d+ of [^<>]+>:\d+):[0-9a-f]{8}\b/g, '$1')
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g, '<time>')
      .replace(/https?:\/\/[^"\s]*?-largemessages\//g, '<container>/')
      .replace(/(message-)[0-9a-f]{32}/g, '$1<id>')
      .replace(/(history-[0-9A-F]*-\w+-)[^"\s/]+(-\w+\.json\.gz)/g, '$1<id>$2')
      .replaceAll(this.scenario.hub.toLowerCase(), '<hub>')
      .replaceAll(this.scenario.hub, '<hub>')
  }

  #visit(value: unknown): void {
    if (typeof value !== 'object' || value === null) return
    const { InstanceId: id, ExecutionId: execution } = value as WireObject
    if (typeof id === 'string' && id !== '') this.#name(id, execution)
    for (const each of Object.values(value)) this.#visit(each)
  }

  #name(instanceId: string, execution: unknown): void {
    if (typeof execution !== 'string' || execution === '' || this.#names.has(execution)) return
    const owner = this.plain(instanceId)
    const count = (this.#counts.get(owner) ?? 0) + 1
    this.#counts.set(owner, count)
    this.#names.set(execution, `<execution ${count} of ${owner.replaceAll('<', '(').replaceAll('>', ')')}>`)
  }
}

function wholeMessage(text: string, { blobs }: Scenario): unknown {
  const decoded = decodeQueueMessage(text, 'q')
  return parseWire(decoded.kind === 'blob' ? (blobs.get(decoded.blobName) ?? text) : text, 'message')
}

function canonicalMessage(text: string, scenario: Scenario): string {
  const where = decodeQueueMessage(text, 'q').kind === 'blob' ? 'in a blob ' : ''
  return where + wireText(withoutMembers(wholeMessage(text, scenario)))
}

function withoutMembers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutMembers)
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value)
    .filter(([name, each]) => !(name in dropped.members) && each !== null)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  const whole = Object.fromEntries(kept.map(([name, each]) => [name, withoutMembers(each)]))
  return failureIn(whole)
}

function canonicalRows(scenario: Scenario, key: string, naming: Naming): readonly Row[] {
  const own = scenario.history.filter(({ partitionKey, rowKey }) => partitionKey === key && rowKey !== sentinelRowKey)
  return [...own]
    .sort((a, b) => (a.rowKey < b.rowKey ? -1 : 1))
    .map(({ rowKey, columns }) => {
      const texts = blobsOfHistoryRow(columns).map(({ column, blobName }) => [column, scenario.blobs.get(blobName) ?? ''])
      return { RowKey: rowKey, ...canonicalRow(withTexts(columns, Object.fromEntries(texts) as Record<string, string>), naming) }
    })
}

function canonicalRow(columns: Row, naming: Naming): Row {
  const kept = Object.entries(columns)
    .filter(([name, cell]) => !(name in dropped.columns) && cell !== 'null' && cell !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, cell]) => [name, isTyped(cell) ? (cell.type === 'DateTime' ? '<time>' : cell.value) : typeof cell === 'string' ? naming.plain(canonicalCell(name, cell)) : cell])
  return failureIn(Object.fromEntries(kept) as Row) as Row
}

function canonicalCell(name: string, text: string): string {
  return name === 'ParentInstance' || name === 'Tags' || name === 'OrchestrationInstance' ? wireText(withoutMembers(parseWire(text, name))) : text
}

/** Errors are each language's own: that something failed is compared, not with which class, text and stack. */
function failureIn(members: WireObject): WireObject {
  const { FailureDetails: _f, Details: _d, GenerateNewTrace: _g, ...rest } = members
  const isFailed = rest['OrchestrationStatus'] === 'Failed' || rest['RuntimeStatus'] === 'Failed'
  return isFailed ? { ...rest, ...('Result' in rest ? { Result: '<failure>' } : undefined), ...('Output' in rest ? { Output: '<failure>' } : undefined) } : rest
}

const decisions: ReadonlySet<unknown> = new Set(['TaskScheduled', 'TimerCreated', 'SubOrchestrationInstanceCreated', 'EventSent', 'ExecutionCompleted', 'ContinueAsNew', 'GenericEvent'])

function isDecision(row: Row): boolean {
  return decisions.has(row['EventType'])
}

function isMark(row: Row): boolean {
  return row['EventType'] === 'OrchestratorStarted' || row['EventType'] === 'OrchestratorCompleted'
}

function withoutKey({ RowKey: _, ...row }: Row): Row {
  return row
}
