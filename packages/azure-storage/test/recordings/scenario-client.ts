/** What the client of each recording did, on our own client. Where nothing is said, it started what was recorded and waited for the end. */
import { TaskHubClient, TaskHubWorker, type AnyOrchestration, type StartOptions } from '@dtfx/core'
import type { AzureStorageService } from '@dtfx/azure-storage'
import { decodeQueueMessage } from '../../src/messages/queue-message.js'
import { eventually } from '../partitions/azurite-hub.js'
import type { QueueRecorder } from './queue-recorder.js'
import { blobTexts, type Recording } from './recording.js'
import { recordedActivities } from './recorded-activities.js'

interface RecordedStart {
  readonly name: string
  readonly instanceId: string
  readonly input: unknown
  readonly options: StartOptions
}

export interface ScenarioOptions {
  readonly service: AzureStorageService
  readonly recording: Recording
  readonly recorder: QueueRecorder
  readonly hub: string
  readonly orchestrations: readonly AnyOrchestration[]
  readonly cache: boolean
}

export class ScenarioClient {
  readonly client: TaskHubClient
  readonly worker: TaskHubWorker
  /** As clients started them, in order. */
  readonly starts: readonly RecordedStart[]

  constructor(readonly options: ScenarioOptions) {
    const { service, recording, orchestrations, cache } = options
    this.client = new TaskHubClient(service)
    this.worker = new TaskHubWorker(service, { orchestrations, activities: recordedActivities(), determinism: 'guard', ...(cache ? undefined : { cache: false }) })
    this.starts = startsOf(recording)
  }

  async run(): Promise<void> {
    await this.worker.start()
    try {
      const { scenario } = this.options.recording
      await (scripts[scenario] ?? scripts[scenario.replace(/-(failure-details|include-details)$/, '')] ?? startAndWait)(this)
    } finally {
      await this.worker.stop({ deadline: '2s' })
    }
  }

  get firstId(): string {
    return this.starts[0]?.instanceId ?? ''
  }

  async start(index = 0, more: StartOptions = {}): Promise<void> {
    const { name, input, instanceId, options } = this.starts[index] as RecordedStart
    await this.client.start(name, input, { instanceId, ...options, ...more })
  }

  async hasStatus(status: string, instanceId = this.firstId): Promise<void> {
    await eventually(`${instanceId} is ${status}`, async () => (await this.client.state(instanceId))?.status === status)
  }

  async ends(instanceId = this.firstId): Promise<void> {
    await this.client.get(instanceId).result({ timeout: '60s' }).catch((error: unknown) => {
      if (!String((error as { code?: unknown }).code).startsWith('DTFX_ORCHESTRATION_')) throw error
    })
  }

  async eventIn(type: string, instanceId = this.firstId): Promise<void> {
    await eventually(`${instanceId} has ${type}`, async () => (await this.client.history(instanceId)).events.some((event) => event.type === type))
  }

  /** A message of the queue was looked at, and put back. */
  async putBack(queue: string): Promise<void> {
    await eventually(`a message of ${queue} is put back`, () => this.#requests('PUT', queue) > 0)
  }

  async deleted(queue: string): Promise<void> {
    await eventually(`a message of ${queue} is deleted`, () => this.#requests('DELETE', queue) > 0)
  }

  #requests(method: 'PUT' | 'DELETE', queue: string): number {
    return this.options.recorder.settledOf(method, `${this.options.hub.toLowerCase()}-${queue}`)
  }
}

async function startAndWait(run: ScenarioClient): Promise<void> {
  await Promise.all(run.starts.map((_, index) => run.start(index)))
  await Promise.all(run.starts.map(({ instanceId }) => run.ends(instanceId)))
}

const scripts: Readonly<Record<string, (run: ScenarioClient) => Promise<void>>> = {
  async 'external-event-waiting'(run) {
    await run.start()
    await run.eventIn('ExecutionStarted')
    await run.client.raiseEvent(run.firstId, 'Approval', 'payload-é-1')
    await run.ends()
  },
  async 'external-event-before-waiting'(run) {
    await run.start()
    await run.eventIn('TimerCreated')
    await run.client.raiseEvent(run.firstId, 'Approval', 'early')
    await run.ends()
  },
  async 'external-event-before-start'(run) {
    await run.client.raiseEvent(run.firstId, 'Approval', 'nobody')
    await run.deleted('control-00')
    await run.start()
    await run.eventIn('ExecutionStarted')
    await run.client.raiseEvent(run.firstId, 'Approval', 'second')
    await run.ends()
  },
  async 'continue-as-new-events'(run) {
    await run.start()
    for (const text of ['1', '2', '3', 'end']) await run.client.raiseEvent(run.firstId, 'Add', text)
    await run.ends()
  },
  async 'fire-and-forget'(run) {
    await startAndWait(run)
    await eventually('the child is there', async () => (await run.client.state(`ff-${run.firstId}`)) !== undefined)
    await run.ends(`ff-${run.firstId}`)
  },
  async terminate(run) {
    await run.start()
    await run.hasStatus('Running')
    await run.client.terminate(run.firstId, 'because')
    await run.ends()
    await run.client.terminate(run.firstId, 'again')
    await run.client.raiseEvent(run.firstId, 'Never', 'x').catch(() => {})
  },
  async 'suspend-resume'(run) {
    await run.start()
    await run.hasStatus('Running')
    await run.client.suspend(run.firstId, 'pause please')
    await run.hasStatus('Suspended')
    await run.client.raiseEvent(run.firstId, 'Go', 'while-suspended')
    await run.eventIn('EventRaised')
    await run.client.resume(run.firstId, 'go on')
    await run.ends()
  },
  async 'send-event'(run) {
    await run.start(0)
    await run.hasStatus('Running')
    await run.start(1)
    await Promise.all(run.starts.map(({ instanceId }) => run.ends(instanceId)))
  },
  async rewind(run) {
    await run.start()
    await run.ends()
    await run.client.rewind(run.firstId, 'try again')
    await run.hasStatus('Completed')
  },
  'same-id': sameId,
  'same-id-throw-dedupe': sameId,
  async 'unknown-orchestration'(run) {
    await run.start()
    await run.putBack('control-00')
  },
  async 'unknown-version'(run) {
    await run.start()
    await run.putBack('control-00')
  },
  async 'unknown-activity'(run) {
    await run.start()
    await run.putBack('workitems')
  },
  async purge(run) {
    for (const index of [0, 1, 2]) {
      await run.start(index)
      await run.ends(run.starts[index]?.instanceId)
    }
    await run.client.purge('large-2')
    await run.client.purge('parent-9')
    await run.client.purge('no-such-instance')
    await run.start(3)
    await run.hasStatus('Running', 'running-1')
    await run.client.terminate('running-1', 'because')
    await run.ends('running-1')
    await run.client.purge('running-1')
  },
}

async function sameId(run: ScenarioClient): Promise<void> {
  await run.start(0)
  await run.hasStatus('Running')
  await run.start(0).then(
    () => Promise.reject(new Error('started twice')),
    () => {},
  )
  await run.start(1, { reuse: 'replace' })
  await run.hasStatus('Running')
  await run.client.raiseEvent(run.firstId, 'Approval', 'p')
  await run.ends()
  await run.start(2, { reuse: 'replaceFinished' })
  await run.hasStatus('Running')
  await run.client.raiseEvent(run.firstId, 'Approval2', 'p2')
  await run.ends()
}

function startsOf(recording: Recording): readonly RecordedStart[] {
  const blobs = blobTexts(recording)
  return recording.queueMessagesPut.flatMap(({ bodyText, actor }): RecordedStart[] => {
    const direct = decodeQueueMessage(bodyText, 'q')
    const { blobName } = direct as { readonly blobName?: string }
    // The blobs of what was purged are gone; its input is that of the other large instance.
    if (blobName?.startsWith('large-2/') === true && actor === 'client') return [{ name: 'Large', instanceId: 'large-2', input: 'i'.repeat(71_680), options: {} }]
    const read = direct.kind === 'blob' ? decodeQueueMessage(blobs.get(direct.blobName) ?? '', 'q') : direct
    if (read.kind !== 'message' || actor !== 'client') return []
    const { event } = read.message.message
    if (event.type !== 'ExecutionStarted') return []
    const { name, version, input, tags, scheduledStartTime } = event
    const options = { ...(version === undefined ? undefined : { version }), ...(tags === undefined ? undefined : { tags }), ...(scheduledStartTime === undefined ? undefined : { startAt: '2s' as const }) }
    return [{ name, instanceId: read.message.message.instance.instanceId, input: input === undefined ? undefined : (JSON.parse(input) as unknown), options }]
  })
}
