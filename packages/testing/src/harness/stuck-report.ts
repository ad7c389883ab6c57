/** The text of DTFX_TEST_STUCK: what the instance waits for, and what the test can do about it. */
import type { AnyOrchestration, DataConverter } from '@dtfx/core'
import { dtfxError, isFinal, msFromTicks, type Clock, type HistoryEvent, type InstanceState } from '@dtfx/core/provider'
import type { MemoryService } from '../memory/service.js'
import { durationText } from './snapshot-history.js'
import { describeWaits } from './waits.js'

export interface StuckScene {
  readonly service: MemoryService
  readonly orchestrations: readonly AnyOrchestration[]
  readonly clock: Clock
  readonly converter: DataConverter | undefined
  readonly isWorkerRunning: boolean
  history(instanceId: string): Promise<readonly HistoryEvent[]>
}

/** A DTFX_TEST_STUCK error about one instance. */
export async function stuckError(scene: StuckScene, instanceId: string): Promise<Error> {
  const state = await scene.service.client.getState(instanceId, { payloads: true })
  const what = `orchestration '${instanceId}' ${state === undefined ? 'does not exist' : await situation(scene, state)}`
  const notes = [scene.isWorkerRunning ? undefined : 'no worker is running', ...delayed(scene, instanceId), ...(await quarantined(scene, instanceId))]
  return dtfxError('DTFX_TEST_STUCK', { what: [what, ...notes.filter((note) => note !== undefined)].join('; ') })
}

async function situation(scene: StuckScene, state: InstanceState): Promise<string> {
  const { status, name } = state
  const now = scene.clock.nowTicks()
  if (isFinal(status)) return `(${name}) is ${status} already`
  if (status === 'Suspended') return `(${name}) is Suspended: resume it`
  if (status === 'Pending') return `(${name}) is Pending${state.scheduledStartAt === undefined ? '' : ` until its scheduled start at ${state.scheduledStartAt}: advance the clock`}`
  const waits = await describeWaits(await scene.history(state.instanceId), { orchestrations: scene.orchestrations, converter: scene.converter, now })
  return `(${name}) is ${status} and waits for ${waits ?? 'nothing that its history shows'}`
}

/** Timers are named by what waits for them; this is about the rest. */
function delayed({ service, clock }: StuckScene, instanceId: string): string[] {
  const others = service.delayedMessages().filter((message) => message.instanceId === instanceId && message.eventType !== 'TimerFired')
  return others.map(({ eventType, dueAt }) => `a message ${eventType} is deferred until ${dueAt} (advance the clock by ${durationText(msFromTicks(dueAt) - clock.nowMs())})`)
}

async function quarantined({ service }: StuckScene, instanceId: string): Promise<string[]> {
  const found: string[] = []
  for await (const message of service.quarantine.list()) {
    if (message.instanceId === instanceId) found.push(`message ${message.id} is in quarantine: ${message.code} ${message.reason}`)
  }
  return found
}
