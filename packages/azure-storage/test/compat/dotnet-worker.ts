/**
 * An orchestration worker as .NET is one, for programmes that call activities one after the other and wait for events: one message per episode, history read anew each time, messages put before the history batch,
 * the sentinel merged on its ETag and the Instances row blindly, whatever columns others keep there; then the message is deleted.
 */
import { randomUUID } from 'node:crypto'
import type { TransactionAction } from '@azure/data-tables'
import type { Row, StoredRow } from '@dtfx/azure-common'
import { DotnetActivityWorker, type DotnetActivities } from './dotnet-activity-worker.js'
import { DotnetLoop } from './dotnet-loop.js'
import { DotnetPartitions } from './dotnet-partitions.js'
import { dateTime, escaped, now, odata, type DotnetHub, type DotnetMessage, type Json, type Outgoing, type Received } from './dotnet-wire.js'

export type DotnetStep = { readonly activity: string; readonly input: unknown } | { readonly event: string }
export type DotnetProgramme = (input: unknown) => Generator<DotnetStep, unknown, never>

interface History {
  readonly rows: readonly StoredRow[]
  readonly etag: string | undefined
  readonly executionId: string
}

interface Decisions {
  readonly scheduled: { readonly id: number; readonly name: string; readonly input: string } | undefined
  readonly end: { readonly id: number; readonly status: 'Completed' | 'Failed' | 'Terminated'; readonly result: string } | undefined
}

export interface DotnetWorkerOptions {
  readonly hub: DotnetHub
  readonly programmes: Readonly<Record<string, DotnetProgramme>>
  readonly activities?: DotnetActivities
}

export class DotnetWorker {
  readonly partitions: DotnetPartitions
  readonly activityWorker: DotnetActivityWorker | undefined
  readonly hub: DotnetHub
  /** Instances, one for each episode that was committed. */
  readonly episodes: string[] = []
  readonly #loop: DotnetLoop
  #busy: Promise<unknown> = Promise.resolve()

  constructor(readonly options: DotnetWorkerOptions) {
    this.hub = options.hub
    this.partitions = new DotnetPartitions(this.hub, `dotnet-${randomUUID()}`, async () => void (await this.#busy))
    this.#loop = new DotnetLoop(() => this.#look())
    this.activityWorker = options.activities === undefined ? undefined : new DotnetActivityWorker(this.hub, options.activities)
  }

  get errors(): readonly unknown[] {
    return [...this.#loop.errors, ...this.partitions.errors, ...(this.activityWorker?.loop.errors ?? [])]
  }

  async stop(): Promise<void> {
    await this.activityWorker?.stop()
    await this.partitions.stop()
    await this.#loop.stop()
  }

  /** An episode of a worker that takes the instance for its own, whoever owns its partition: as for a while after a lease was lost. False: somebody else wrote. */
  async commit(instanceId: string, { $type, ...members }: DotnetMessage['TaskMessage']['Event']): Promise<boolean> {
    return this.#checkpoint(instanceId, { $type, Timestamp: now(), ...members }, await this.#history(instanceId, null))
  }

  async #look(): Promise<boolean> {
    let hadWork = false
    for (const queue of [...this.partitions.owned]) {
      const busy = this.#serve(queue)
      this.#busy = busy.catch(() => {})
      hadWork = (await busy) || hadWork
    }
    return hadWork
  }

  async #serve(queue: string): Promise<boolean> {
    const received = await this.hub.receive(queue, 32)
    for (const each of received) await this.#episode(queue, each)
    return received.length > 0
  }

  async #episode(queue: string, { item, message }: Received): Promise<void> {
    const { hub } = this
    const { Event: event, OrchestrationInstance: target } = message.TaskMessage
    const instanceId = target.InstanceId
    const isStart = event.$type.endsWith('ExecutionStartedEvent')
    const verdict = isStart && event['ParentInstance'] === null ? await this.#startVerdict(instanceId, String(target.ExecutionId)) : 'run'
    if (verdict === 'defer') return hub.abandon(queue, item)
    const history = await this.#history(instanceId, target.ExecutionId)
    const isOver = history.rows.some(({ columns }) => columns['EventType'] === 'ExecutionCompleted')
    if (!isStart && !isOver && isOutOfOrder(event, history)) return hub.abandon(queue, item)
    if (isOver || (!isStart && history.rows.length === 0)) return hub.delete(queue, item)
    const isDone = await this.#checkpoint(instanceId, event, history)
    if (!isDone) return hub.abandon(queue, item)
    this.episodes.push(instanceId)
    return hub.delete(queue, item)
  }

  async #startVerdict(instanceId: string, executionId: string): Promise<'run' | 'defer'> {
    const [row] = await this.hub.rows('Instances', `PartitionKey eq ${odata(escaped(instanceId))}`)
    return row?.columns['ExecutionId'] === executionId ? 'run' : 'defer'
  }

  async #history(instanceId: string, expected: string | null): Promise<History> {
    const execution = expected === null || expected === '' ? '' : ` and (RowKey eq 'sentinel' or ExecutionId eq ${odata(expected)})`
    const all = await this.hub.rows('History', `PartitionKey eq ${odata(escaped(instanceId))}${execution}`)
    const sentinel = all.findLast(({ rowKey }) => rowKey === 'sentinel')
    const executionId = String(sentinel?.columns['ExecutionId'] ?? all[0]?.columns['ExecutionId'] ?? expected)
    if (expected !== null && expected !== '' && executionId !== expected) return { rows: [], etag: sentinel?.etag, executionId: expected }
    const events = all.filter(({ rowKey }) => rowKey !== 'sentinel')
    const end = events.findIndex(({ columns }) => columns['ExecutionId'] !== executionId)
    return { rows: end < 0 ? events : events.slice(0, end), etag: sentinel?.etag, executionId }
  }

  /** False: somebody else wrote. */
  async #checkpoint(instanceId: string, event: DotnetMessage['TaskMessage']['Event'], history: History): Promise<boolean> {
    const { hub } = this
    const mark = { EventId: -1, IsPlayed: false, _Timestamp: dateTime(now()) }
    const inbound = inboundRow(event)
    const known = [...history.rows.map(({ columns }) => columns), inbound]
    const { scheduled, end } = await this.#run(known)
    const fresh: Row[] = [{ EventType: 'OrchestratorStarted', ...mark }, inbound]
    if (scheduled !== undefined) fresh.push({ EventType: 'TaskScheduled', ...mark, EventId: scheduled.id, Name: scheduled.name, Version: '', ParentTraceContext: 'null', Tags: 'null' })
    if (end !== undefined) fresh.push({ EventType: 'ExecutionCompleted', ...mark, EventId: end.id, OrchestrationStatus: end.status, Result: end.result, FailureDetails: 'null' })
    fresh.push({ EventType: 'OrchestratorCompleted', ...mark })
    if (scheduled !== undefined) await hub.put(hub.workItems, activityMessage(instanceId, history.executionId, scheduled, known))
    const partitionKey = escaped(instanceId)
    const stored = await Promise.all(fresh.map(async (columns, index) => this.hub.withBlobs({ ExecutionId: history.executionId, ...columns }, partitionKey, rowKeyOf(history.rows.length + index))))
    if (!(await this.#writeHistory(partitionKey, history, stored))) return false
    await hub.clients.table(`${hub.hub}Instances`).upsertEntity({ partitionKey, rowKey: '', ...this.#instanceColumns(history.executionId, stored) }, 'Merge')
    return true
  }

  async #writeHistory(partitionKey: string, { rows, etag, executionId }: History, fresh: readonly Row[]): Promise<boolean> {
    const events = fresh.map((columns, index): TransactionAction => ['upsert', { partitionKey, rowKey: rowKeyOf(rows.length + index), ...columns }, 'Replace'])
    const sentinel = { partitionKey, rowKey: 'sentinel', ExecutionId: executionId, IsCheckpointComplete: true, CheckpointCompletedTimestamp: dateTime(now()) }
    try {
      await this.hub.clients.table(`${this.hub.hub}History`).submitTransaction([...events, etag === undefined ? ['create', sentinel] : ['update', sentinel, 'Merge', { etag }]])
      return true
    } catch (error) {
      if ([409, 412].includes((error as { statusCode?: number }).statusCode ?? 0)) return false
      throw error
    }
  }

  #instanceColumns(executionId: string, fresh: readonly Row[]): Row {
    const columns: Record<string, Row[string]> = { CustomStatus: 'null', ExecutionId: executionId, LastUpdatedTime: fresh.at(-1)?.['_Timestamp'] ?? dateTime(now()), TaskHubName: this.hub.hub }
    for (const event of fresh) {
      const shown = (name: string): Row[string] | undefined => (typeof event[`${name}BlobName`] === 'string' ? this.hub.urlOf(String(event[`${name}BlobName`])) : event[name])
      if (event['EventType'] === 'ExecutionStarted') {
        Object.assign(columns, { Name: event['Name'], Version: event['Version'], CreatedTime: event['_Timestamp'], RuntimeStatus: 'Running', Tags: 'null', Generation: event['Generation'] ?? 0 })
        if (event['Input'] !== undefined) columns['Input'] = shown('Input') as Row[string]
      }
      if (event['EventType'] === 'ExecutionCompleted') Object.assign(columns, { RuntimeStatus: event['OrchestrationStatus'], CompletedTime: dateTime(now()), Output: shown('Result') })
    }
    return columns
  }

  /** The programme from its beginning, over all that happened. */
  async #run(known: readonly Row[]): Promise<Decisions> {
    const start = known.find((row) => row['EventType'] === 'ExecutionStarted') as Row
    const programme = this.options.programmes[String(start['Name'])]
    if (programme === undefined) throw new Error(`TypeMissingException: ${String(start['Name'])}`)
    const input = await this.hub.column(start, 'Input')
    const steps = programme(input === undefined ? undefined : JSON.parse(input)) as Generator<DotnetStep, unknown, unknown>
    const raised = known.filter((row) => row['EventType'] === 'EventRaised')
    const terminated = known.find((row) => row['EventType'] === 'ExecutionTerminated')
    let id = 0
    let step: IteratorResult<DotnetStep, unknown>
    try {
      step = steps.next()
      while (step.done !== true) {
        if (terminated !== undefined) return { scheduled: undefined, end: { id, status: 'Terminated', result: String(terminated['Input']) } }
        if ('event' in step.value) {
          const { event } = step.value
          const at = raised.findIndex((row) => row['Name'] === event)
          if (at < 0) return { scheduled: undefined, end: undefined }
          step = steps.next(JSON.parse(String(await this.hub.column(raised.splice(at, 1)[0] as Row, 'Input'))))
          continue
        }
        const { activity: name, input: argument } = step.value
        const scheduled = known.find((row) => row['EventType'] === 'TaskScheduled' && row['EventId'] === id)
        if (scheduled !== undefined && scheduled['Name'] !== name) throw new Error(`Non-Deterministic workflow detected: ${String(scheduled['Name'])} was scheduled, not ${name}`)
        const answer = known.find((row) => row['TaskScheduledId'] === id && (row['EventType'] === 'TaskCompleted' || row['EventType'] === 'TaskFailed'))
        if (answer === undefined) return { scheduled: scheduled === undefined ? { id, name, input: JSON.stringify([argument]) } : undefined, end: undefined }
        id++
        step = answer['EventType'] === 'TaskFailed' ? steps.throw(new Error(String(answer['Reason']))) : steps.next(JSON.parse(String(await this.hub.column(answer, 'Result'))))
      }
      return { scheduled: undefined, end: { id, status: 'Completed', result: JSON.stringify(step.value) } }
    } catch (error) {
      return { scheduled: undefined, end: { id, status: 'Failed', result: (error as Error).message } }
    }
  }
}

function rowKeyOf(index: number): string {
  return index.toString(16).toUpperCase().padStart(16, '0')
}

/** An answer to something that the history does not know yet: it comes again later. */
function isOutOfOrder(event: Json, { rows }: History): boolean {
  const id = event['TaskScheduledId'] ?? event['TimerId']
  return id !== undefined && !rows.some(({ columns }) => columns['EventId'] === id)
}

const texts: ReadonlySet<string> = new Set(['Name', 'Version', 'Input', 'Result', 'Reason', 'Details', 'Data', 'Correlation'])
const objects: ReadonlySet<string> = new Set(['OrchestrationInstance', 'ParentInstance', 'Tags', 'ParentTraceContext', 'FailureDetails'])

/** Members that it does not know are lost, as in .NET. */
function inboundRow(event: DotnetMessage['TaskMessage']['Event']): Row {
  const columns: Record<string, Row[string]> = { EventType: event.$type.replace(/^.*\./, '').replace(/(?<!Generic)Event$/, ''), EventId: -1, IsPlayed: true, _Timestamp: dateTime(String(event['Timestamp'])) }
  for (const [name, value] of Object.entries(event)) {
    if (objects.has(name)) columns[name] = value === null ? 'null' : JSON.stringify(withoutTypes(value))
    else if (texts.has(name) && typeof value === 'string') columns[name] = value
    else if (['TaskScheduledId', 'TimerId', 'Generation', 'GenerateNewTrace'].includes(name) && value !== null) columns[name] = value as number | boolean
  }
  return columns
}

function withoutTypes(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).flatMap(([name, each]) => (name === '$type' ? [] : [[name, withoutTypes(each)]])))
}

function activityMessage(instanceId: string, executionId: string, { id, name, input }: NonNullable<Decisions['scheduled']>, known: readonly Row[]): Outgoing {
  return {
    instanceId,
    executionId,
    type: 'TaskScheduledEvent',
    eventType: 4,
    eventId: id,
    members: { Name: name, Version: '', Input: input, ParentTraceContext: null, Tags: null },
    sender: { InstanceId: instanceId, ExecutionId: executionId },
    episode: known.filter((row) => row['EventType'] === 'OrchestratorStarted').length + 1,
    tags: true,
  }
}
