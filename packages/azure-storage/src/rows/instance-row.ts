/**
 * The state that clients and queries see ↔ rows of .NET's Instances table. .NET's columns are as it writes them; ours make our own reading exact, and .NET keeps them, because it merges.
 *
 * Invariants:
 * 1. Our columns speak of the execution in `DtfxExecutionId`; where a .NET worker went on with another, they are not believed.
 * 2. A row that only .NET wrote reads well: a failure is told from the text of its output, the reason of a suspension is no output.
 * 3. `StateSequence` grows with every commit: a state is not written over one with a greater number.
 */
import { dtfxError, failureText, isFinal, parseWire, statusNumbers, wireParts, wireText, type FailureDetails, type InstanceState, type MessageId, type OrchestrationStatus, type ParentInstance } from '@dtfx/core/provider'
import { addExtraColumns, packedExtras, unpackExtras } from './extra-columns.js'
import { type Cell, dateCell, integerCell, type Row, textCell, ticksOf } from '@dtfx/azure-common'

export interface InstanceRecord {
  readonly state: InstanceState
  /** 0: no commit yet. */
  readonly sequence: number
  /** Message that created the execution, when a client of ours did. */
  readonly startMessageId?: MessageId | undefined
  /** While it is Pending: what its creator sends, as JSON of queue messages (`encodeQueueMessage`). */
  readonly startMessages: readonly string[]
}

const known: ReadonlySet<string> = new Set([
  ...['ExecutionId', 'Name', 'Version', 'Input', 'Output', 'CustomStatus', 'CreatedTime', 'LastUpdatedTime', 'CompletedTime', 'ScheduledStartTime', 'RuntimeStatus', 'Generation', 'Tags', 'TaskHubName'],
  ...['DtfxExecutionId', 'StateSequence', 'StartMessageId', 'StartMessages', 'FailureDetails', 'ParentInstance', 'ParentInstanceId', packedExtras],
  ...['InputBlobName', 'OutputBlobName', 'TagsBlobName', 'CustomStatusBlobName', 'FailureDetailsBlobName', 'StartMessagesBlobName', `${packedExtras}BlobName`],
])

/** The whole row. To replace with it is always right; to merge, within one execution. */
export function instanceColumns({ state, sequence, startMessageId, startMessages }: InstanceRecord, hub: string): Row {
  const { failure, parent } = state
  const output = failure !== undefined && state.status === 'Failed' ? failureText(failure) : state.output
  const columns: Record<string, Cell> = {
    ExecutionId: state.executionId,
    Name: state.name,
    Version: state.version ?? '',
    RuntimeStatus: state.status,
    CustomStatus: state.customStatus ?? 'null',
    CreatedTime: dateCell(state.createdAt),
    LastUpdatedTime: dateCell(state.lastUpdatedAt),
    Generation: state.generation,
    Tags: state.tags === undefined ? 'null' : wireText(state.tags),
    TaskHubName: hub,
    ...(state.input === undefined ? undefined : { Input: state.input }),
    ...(output === undefined ? undefined : { Output: output }),
    ...(state.completedAt === undefined ? undefined : { CompletedTime: dateCell(state.completedAt) }),
    ...(state.scheduledStartAt === undefined ? undefined : { ScheduledStartTime: dateCell(state.scheduledStartAt) }),
    DtfxExecutionId: state.executionId,
    StateSequence: { type: 'Int64', value: String(sequence) },
    StartMessageId: startMessageId ?? '',
    StartMessages: startMessages.length === 0 ? '' : wireText(startMessages),
    FailureDetails: failure === undefined ? '' : wireText(wireParts.failure.write(failure, 'plain')),
    ParentInstance: parent === undefined ? '' : wireText(wireParts.parent.write(parent, 'plain')),
    ParentInstanceId: parent?.instance.instanceId ?? '',
  }
  addExtraColumns(columns, state.extra)
  return columns
}

/** `columns` with the texts of their blobs (see large-columns.ts), or read without payloads. `place` names the row in errors. @throws DTFX_WIRE_INVALID */
export function instanceOf(columns: Row, instanceId: string, place: string): InstanceRecord {
  const status = statusOf(columns['RuntimeStatus'], place)
  const executionId = textCell(columns['ExecutionId']) ?? ''
  const isOurs = textCell(columns['DtfxExecutionId']) === executionId
  const createdAt = ticksOf(columns['CreatedTime']) ?? ticksOf(columns['LastUpdatedTime']) ?? invalid(place, 'CreatedTime')
  const state: InstanceState = {
    instanceId,
    executionId,
    name: textCell(columns['Name']) ?? '',
    status,
    generation: integerCell(columns['Generation']) ?? 0,
    createdAt,
    lastUpdatedAt: ticksOf(columns['LastUpdatedTime']) ?? createdAt,
    ...present('version', textCell(columns['Version']) || undefined),
    ...present('input', textCell(columns['Input'])),
    ...present('customStatus', columns['CustomStatus'] === 'null' ? undefined : textCell(columns['CustomStatus'])),
    ...present('tags', tagsOf(textCell(columns['Tags']), place)),
    ...present('scheduledStartAt', ticksOf(columns['ScheduledStartTime'])),
    ...present('parent', isOurs ? parentOf(textCell(columns['ParentInstance']), place) : undefined),
    ...(isFinal(status) ? endOf(columns, { status, isOurs, place }) : undefined),
    ...present('extra', extraOf(columns, place)),
  }
  return {
    state,
    sequence: integerCell(columns['StateSequence']) ?? 0,
    startMessageId: isOurs ? textCell(columns['StartMessageId']) || undefined : undefined,
    startMessages: isOurs && status === 'Pending' ? messagesOf(textCell(columns['StartMessages']), place) : [],
  }
}

function endOf(columns: Row, { status, isOurs, place }: { status: OrchestrationStatus; isOurs: boolean; place: string }): Partial<InstanceState> {
  // Merging takes nothing away: an output that is none is written as no text. Of .NET an empty one may be one.
  const output = (textCell(columns['Output']) ?? '') === '' && isOurs ? undefined : textCell(columns['Output'])
  const stored = isOurs ? failureOf(textCell(columns['FailureDetails']), place) : undefined
  const completedAt = present('completedAt', ticksOf(columns['CompletedTime']))
  if (status !== 'Failed') return { ...completedAt, ...present('output', output), ...present('failure', stored) }
  // Of an execution that failed before, and was rewound by .NET, the text is newer than our failure. Without payloads there is no text, or it is in a blob.
  const isCurrent = stored !== undefined && (output === undefined || failureText(stored) === output || Boolean(columns['OutputBlobName']))
  return { ...completedAt, failure: isCurrent ? stored : failureFromText(output ?? '') }
}

/** .NET writes `<type>: <message>`, or in its older error mode the message alone. */
export function failureFromText(text: string): FailureDetails {
  const typed = /^([A-Za-z_][\w`]*(?:[.+][A-Za-z_][\w`]*)+|[A-Za-z_]\w*(?:Exception|Error)): ([\s\S]*)$/.exec(text)
  return { errorType: typed?.[1] ?? 'Error', errorMessage: typed?.[2] ?? text, isNonRetriable: false }
}

function statusOf(cell: Cell | undefined, place: string): OrchestrationStatus {
  return typeof cell === 'string' && Object.hasOwn(statusNumbers, cell) ? (cell as OrchestrationStatus) : invalid(place, 'RuntimeStatus')
}

function tagsOf(text: string | undefined, place: string): InstanceState['tags'] {
  const value = jsonOf(text, `${place}.Tags`)
  return value === undefined ? undefined : wireParts.tags.read(value, place, 'Tags')
}

function parentOf(text: string | undefined, place: string): ParentInstance | undefined {
  const value = jsonOf(text, `${place}.ParentInstance`)
  return value === undefined ? undefined : wireParts.parent.read(value, place, 'ParentInstance')
}

function failureOf(text: string | undefined, place: string): FailureDetails | undefined {
  const value = jsonOf(text, `${place}.FailureDetails`)
  return value === undefined ? undefined : wireParts.failure.read(value, place, 'FailureDetails')
}

function messagesOf(text: string | undefined, place: string): readonly string[] {
  const value = jsonOf(text, `${place}.StartMessages`)
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []
}

/** Undefined for no text and for `null`. */
function jsonOf(text: string | undefined, place: string): unknown {
  return text === undefined || text === '' ? undefined : (parseWire(text, place) ?? undefined)
}

function extraOf(columns: Row, place: string): Readonly<Record<string, unknown>> | undefined {
  const extra: Record<string, unknown> = {}
  for (const [name, cell] of Object.entries(columns)) if (!known.has(name)) extra[name] = cell
  unpackExtras(columns[packedExtras], extra, place)
  return Object.keys(extra).length === 0 ? undefined : extra
}

function present<K extends string, V>(name: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [P in K]: V })
}

function invalid(place: string, column: string): never {
  throw dtfxError('DTFX_WIRE_INVALID', { what: `${place}.${column}`, problem: 'it is missing, or nothing that is known' })
}
