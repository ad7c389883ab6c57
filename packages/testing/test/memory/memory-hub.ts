/** A service on a virtual clock with one worker, and short ways to write messages and checkpoints in tests of the provider. */
import { VirtualClock } from '@dtfx/testing'
import { createOrchestrationService, type MemoryOptions, type MemoryService } from '@dtfx/testing/memory'
import type {
  Checkpoint,
  CreatePolicy,
  CreateResult,
  HistoryEvent,
  InstanceSnapshot,
  InstanceState,
  OrchestrationWorkItem,
  OutboundMessage,
  TaskScheduledEvent,
  WorkerPort,
} from '@dtfx/core/provider'

export const now = '2030-01-01T00:00:00.000Z'
export const never = new AbortController().signal

export interface MemoryHub {
  readonly clock: VirtualClock
  readonly service: MemoryService
  readonly port: WorkerPort
  startWorker(workerId: string): Promise<WorkerPort>
}

export async function memoryHub(options: MemoryOptions = {}): Promise<MemoryHub> {
  const clock = new VirtualClock()
  const service = createOrchestrationService(options, { clock })
  const startWorker = (workerId: string): Promise<WorkerPort> => service.startWorker({ workerId, concurrency: { orchestrations: 10, activities: 10 } })
  return { clock, service, startWorker, port: await startWorker('w1') }
}

export function startOf(instanceId: string, options: { id?: string; executionId?: string; name?: string; deliverAt?: string; tags?: Record<string, string> } = {}): OutboundMessage {
  const executionId = options.executionId ?? `x-${instanceId}`
  const instance = { instanceId, executionId }
  return {
    id: options.id ?? `start-${instanceId}`,
    target: { kind: 'instance', instanceId },
    deliverAt: options.deliverAt,
    message: { instance, event: { type: 'ExecutionStarted', eventId: -1, timestamp: now, instance, name: options.name ?? 'Flow', input: '"in"', tags: options.tags } },
  }
}

export function raised(instanceId: string, name: string, options: { deliverAt?: string } = {}): OutboundMessage {
  return {
    id: `event-${name}`,
    target: { kind: 'instance', instanceId },
    deliverAt: options.deliverAt,
    message: { instance: { instanceId }, event: { type: 'EventRaised', eventId: -1, timestamp: now, name, input: '1' } },
  }
}

export function activity(instanceId: string, taskId: number, name = 'Charge'): OutboundMessage {
  const event: TaskScheduledEvent = { type: 'TaskScheduled', eventId: taskId, timestamp: now, name, input: '[1]' }
  return { id: `x-${instanceId}/${taskId}`, target: { kind: 'activity' }, message: { instance: { instanceId, executionId: `x-${instanceId}` }, event } }
}

export function create(service: MemoryService, instanceId: string, reuse: CreatePolicy = 'error'): Promise<CreateResult> {
  return service.client.create({ start: startOf(instanceId), reuse })
}

export function stateOf(instanceId: string, change: Partial<InstanceState> = {}): InstanceState {
  return { instanceId, executionId: `x-${instanceId}`, name: 'Flow', status: 'Running', generation: 0, createdAt: now, lastUpdatedAt: now, ...change }
}

export async function loaded(item: OrchestrationWorkItem): Promise<InstanceSnapshot> {
  const snapshot = await item.load()
  if (snapshot === 'unchanged') throw new Error('load() without a version said unchanged')
  return snapshot
}

let checkpoints = 0

/** A checkpoint that consumes every message of `item` and records their events. */
export async function checkpointOf(item: OrchestrationWorkItem, change: Partial<Checkpoint> = {}): Promise<Checkpoint> {
  const snapshot = await loaded(item)
  const events: HistoryEvent[] = [{ type: 'OrchestratorStarted', eventId: -1, timestamp: now }, ...item.messages.map(({ message }) => message.event)]
  return {
    executionId: `x-${item.instanceId}`,
    base: snapshot.state === undefined ? undefined : snapshot.version,
    checkpointId: `c${++checkpoints}`,
    settlements: item.messages.map(({ receipt }) => ({ receipt, outcome: 'consumed' })),
    history: { kind: 'append', events },
    outbound: [],
    state: stateOf(item.instanceId),
    ...change,
  }
}

/** Takes the next item and commits it. */
export async function runTurn(port: WorkerPort, change: Partial<Checkpoint> = {}): Promise<OrchestrationWorkItem> {
  const item = await port.nextOrchestration(never)
  await item.complete(await checkpointOf(item, change))
  return item
}

/** Creates an instance and runs a turn that ends it. */
export async function finished(hub: MemoryHub, instanceId: string, change: Partial<InstanceState> = {}): Promise<void> {
  await hub.service.client.create({ start: startOf(instanceId), reuse: 'error' })
  await runTurn(hub.port, { state: stateOf(instanceId, { status: 'Completed', completedAt: now, output: '"out"', ...change }) })
}

/** True if the promise has not settled after all queued work had its turn. */
export async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  promise.then(
    () => (settled = true),
    () => (settled = true),
  )
  await new Promise((resolve) => setImmediate(resolve))
  return !settled
}

export async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}
