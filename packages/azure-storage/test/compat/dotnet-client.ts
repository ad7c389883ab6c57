/** A client as .NET is one: the message of a start before its row, no check that an instance exists, dedupe by the row it read, a rewind that writes over history rows. */
import { randomUUID } from 'node:crypto'
import type { Row, StoredRow } from '@dtfx/azure-common'
import { dateTime, escaped, instanceOf, now, odata, type DotnetHub } from './dotnet-wire.js'

export interface DotnetState {
  readonly status: string
  readonly executionId: string
  readonly input: string | undefined
  readonly output: string | undefined
  readonly columns: Row
}

export class DotnetClient {
  constructor(readonly hub: DotnetHub) {}

  async start(name: string, instanceId: string, input?: unknown): Promise<string> {
    const { hub } = this
    const existing = await this.#row(instanceId)
    const executionId = randomUUID().replaceAll('-', '')
    const json = input === undefined ? null : JSON.stringify(input)
    const generation = existing === undefined ? 0 : Number(existing.columns['Generation'] ?? 0) + 1
    const created = now()
    await hub.put(hub.controlQueue(instanceId), {
      instanceId,
      executionId,
      type: 'ExecutionStartedEvent',
      eventType: 0,
      members: { OrchestrationInstance: instanceOf(instanceId, executionId), ParentInstance: null, Name: name, Version: '', Input: json, Tags: null, Correlation: null, ParentTraceContext: null, ScheduledStartTime: null, Generation: generation, GenerateNewTrace: false },
    })
    const columns: Row = {
      ...(json === null ? undefined : { Input: await this.#inputColumn(instanceId, json) }),
      CreatedTime: dateTime(created),
      Name: name,
      Version: '',
      RuntimeStatus: 'Pending',
      LastUpdatedTime: dateTime(now()),
      TaskHubName: hub.hub,
      ExecutionId: executionId,
      Generation: generation,
      Tags: 'null',
    }
    const entity = { partitionKey: escaped(instanceId), rowKey: '', ...columns }
    const table = hub.clients.table(`${hub.hub}Instances`)
    const written = existing === undefined ? table.createEntity(entity) : table.updateEntity(entity, 'Replace', { etag: existing.etag })
    // The row of a worker that was quicker stays.
    await written.catch((error: unknown) => {
      if (![409, 412].includes((error as { statusCode?: number }).statusCode ?? 0)) throw error
    })
    return executionId
  }

  raise(instanceId: string, name: string, payload: unknown): Promise<void> {
    return this.#send(instanceId, { type: 'EventRaisedEvent', eventType: 15, members: { Name: name, Input: JSON.stringify(payload), ParentTraceContext: null } })
  }

  terminate(instanceId: string, reason: string): Promise<void> {
    return this.#send(instanceId, { type: 'ExecutionTerminatedEvent', eventType: 3, members: { Input: reason } })
  }

  suspend(instanceId: string, reason: string): Promise<void> {
    return this.#send(instanceId, { type: 'ExecutionSuspendedEvent', eventType: 19, members: { Reason: reason } })
  }

  resume(instanceId: string, reason: string): Promise<void> {
    return this.#send(instanceId, { type: 'ExecutionResumedEvent', eventType: 20, members: { Reason: reason } })
  }

  async state(instanceId: string): Promise<DotnetState | undefined> {
    const row = await this.#row(instanceId)
    if (row === undefined) return undefined
    const { columns } = row
    const read = (name: string): Promise<string | undefined> => (typeof columns[name] === 'string' ? this.hub.payload(columns[name]) : Promise.resolve(undefined))
    return { status: String(columns['RuntimeStatus']), executionId: String(columns['ExecutionId']), input: await read('Input'), output: await read('Output'), columns }
  }

  /** As .NET's query conditions are written. */
  async query(filter: string): Promise<readonly string[]> {
    return (await this.hub.rows('Instances', filter)).map(({ partitionKey }) => partitionKey)
  }

  /** Turns the failure into events that say nothing, wherever it stands; without a look at the sentinel. */
  async rewind(instanceId: string, reason: string): Promise<void> {
    const { hub } = this
    const key = escaped(instanceId)
    const rows = (await hub.rows('History', `PartitionKey eq ${odata(key)}`)).filter(({ rowKey }) => rowKey !== 'sentinel')
    const executionId = rows.findLast(({ columns }) => columns['EventType'] === 'OrchestratorStarted')?.columns['ExecutionId']
    const own = rows.filter(({ columns }) => columns['ExecutionId'] === executionId)
    for (const row of own) {
      const { EventType: type, OrchestrationStatus: status, TaskScheduledId: id } = row.columns
      if (type !== 'TaskFailed' && status !== 'Failed') continue
      const scheduled = own.find(({ columns }) => columns['EventType'] === 'TaskScheduled' && columns['EventId'] === id)
      if (type === 'TaskFailed' && scheduled !== undefined) await this.#undo(scheduled)
      await this.#undo(row)
    }
    await hub.clients.table(`${hub.hub}Instances`).updateEntity({ partitionKey: key, rowKey: '', RuntimeStatus: 'Pending', LastUpdatedTime: dateTime(now()) }, 'Merge')
    await this.#send(instanceId, { type: 'GenericEvent', eventType: 17, members: { Data: reason } })
  }

  async #undo({ partitionKey, rowKey, columns, etag }: StoredRow): Promise<void> {
    const { hub } = this
    await hub.clients.table(`${hub.hub}History`).updateEntity({ ...columns, partitionKey, rowKey, EventType: 'GenericEvent', Reason: `Rewound: ${String(columns['EventType'])}` }, 'Replace', { etag })
  }

  /** Of a large input: the URL of the message's blob. */
  async #inputColumn(instanceId: string, json: string): Promise<string> {
    if (Buffer.byteLength(json) < 45_000) return json
    for await (const { name } of this.hub.clients.container(`${this.hub.lower}-largemessages`).listBlobsFlat({ prefix: `${instanceId}/` })) if (name.endsWith('ExecutionStarted.json.gz')) return this.hub.urlOf(name)
    throw new Error('no blob of the start')
  }

  async #row(instanceId: string): Promise<StoredRow | undefined> {
    const [row] = await this.hub.rows('Instances', `PartitionKey eq ${odata(escaped(instanceId))}`)
    return row
  }

  #send(instanceId: string, event: Pick<Parameters<DotnetHub['put']>[1], 'type' | 'eventType' | 'members'>): Promise<void> {
    return this.hub.put(this.hub.controlQueue(instanceId), { instanceId, executionId: null, ...event })
  }
}
