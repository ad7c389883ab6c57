/** The stores of a hub of its own on an emulator, with what a test writes to them. */
import { resolveHost, type Checkpoint, type HistoryEvent, type InstanceId, type InstanceState, type InstanceVersion } from '@dtfx/core/provider'
import type { TableClient } from '@azure/data-tables'
import { StorageLog } from '../../src/storage-log.js'
import { MessageBlobs } from '../../src/messages/message-blobs.js'
import { RequestGate } from '@dtfx/azure-common'
import type { StorageClients } from '../../src/storage/storage-clients.js'
import { HistoryStore } from '../../src/tracking/history-store.js'
import { InstanceStore } from '../../src/tracking/instance-store.js'
import { connect } from '../partitions/azurite-hub.js'

export const host = resolveHost()
const timestamp = '2030-01-02T03:04:05.6789012Z'
let hubs = 0
let checkpoints = 0

export interface HubStores {
  readonly clients: StorageClients
  readonly blobs: MessageBlobs
  readonly historyTable: TableClient
  readonly instancesTable: TableClient
  readonly histories: HistoryStore
  readonly instances: InstanceStore
}

/** Nothing is said. */
export const silentLog = new StorageLog(host.logger, 'devstoreaccount1', 'hub')

export async function openStores(connectionString: string, hub = `stores${++hubs}`): Promise<HubStores> {
  const clients = connect(connectionString)
  const [historyTable, instancesTable] = [clients.table(`${hub}History`), clients.table(`${hub}Instances`)]
  await Promise.all([historyTable.createTable(), instancesTable.createTable()])
  const blobs = new MessageBlobs(clients.container(`${hub}-largemessages`), host)
  const gate = new RequestGate(16)
  return {
    clients,
    blobs,
    historyTable,
    instancesTable,
    histories: new HistoryStore({ table: historyTable, blobs, host, gate, log: silentLog }),
    instances: new InstanceStore({ table: instancesTable, blobs, host, gate, hub }),
  }
}

export function stateOf(instanceId: InstanceId, state: Partial<InstanceState> = {}): InstanceState {
  return { instanceId, executionId: 'e1', name: 'Flow', status: 'Running', generation: 0, createdAt: timestamp, lastUpdatedAt: timestamp, ...state }
}

/** A start, then as many events as it takes. */
export function eventsOf(instanceId: InstanceId, count: number, { executionId = 'e1', name = 'Event' } = {}): HistoryEvent[] {
  const start: HistoryEvent = { type: 'ExecutionStarted', eventId: -1, timestamp, name: 'Flow', instance: { instanceId, executionId } }
  const raised = Array.from({ length: count - 1 }, (_, index): HistoryEvent => ({ type: 'EventRaised', eventId: -1, timestamp, name: `${name}${index}` }))
  return [start, ...raised]
}

export function checkpointOf(instanceId: InstanceId, base: InstanceVersion | undefined, changes: Partial<Checkpoint> & Pick<Checkpoint, 'history'>): Checkpoint {
  const executionId = changes.executionId ?? 'e1'
  return { executionId, base, checkpointId: `c${++checkpoints}`, settlements: [], outbound: [], state: stateOf(instanceId, { executionId }), ...changes }
}
