/**
 * Shows what happens to an instance until it ends.
 * The store is asked once a second at most, and the history read only when the instance has changed; reading takes at most half of the time.
 */
import { DurableError, type HistoryEvent, type OrchestrationState } from '@dtfx/core'
import { sleep } from '@dtfx/core/provider'
import { instanceJson } from '../instance/instance-json.js'
import { instanceLines } from '../instance/instance-lines.js'
import type { Session } from '../session.js'
import { TimelineLines } from '../timeline/timeline-lines.js'
import { timelineRows } from '../timeline/timeline-rows.js'

export interface FollowOptions {
  readonly full: boolean
  readonly timeline: boolean
}

const pollMs = 1_000

/** Its last state. As JSON it is one value at the end, like that of `show`. @throws DTFX_INSTANCE_NOT_FOUND, also when it is purged meanwhile */
export async function followInstance(session: Session, instanceId: string, { full, timeline }: FollowOptions): Promise<OrchestrationState> {
  const { client, host, paint } = session
  const progress = timeline && session.service.history !== undefined ? new Progress(session, full) : undefined
  for (;;) {
    const beganMs = host.clock.monotonicMs()
    const state = await client.state(instanceId, { payloads: false })
    if (state === undefined) throw new DurableError('DTFX_INSTANCE_NOT_FOUND', { instanceId })
    if (progress !== undefined && progress.isNews(state)) await progress.show(state, (await client.history(instanceId)).events)
    session.beQuiet()
    if (state.isFinal || host.out.isClosed) break
    await sleep(host.clock, Math.max(pollMs, host.clock.monotonicMs() - beganMs))
  }
  const last = await client.state(instanceId)
  if (last === undefined) throw new DurableError('DTFX_INSTANCE_NOT_FOUND', { instanceId })
  if (session.asJson) {
    await session.printJson({ instance: instanceJson(last), ...(progress === undefined ? {} : { timeline: timelineRows(progress.events) }) })
  } else {
    await session.print(`${progress === undefined ? '' : '\n'}${instanceLines(last, { paint, nowMs: host.clock.nowMs(), full }).join('\n')}`)
  }
  return last
}

/** What of a history was shown. */
class Progress {
  events: readonly HistoryEvent[] = []
  readonly #session: Session
  readonly #lines: TimelineLines
  #seen = ''
  #executionId: string | undefined
  #shown = 0

  constructor(session: Session, full: boolean) {
    this.#session = session
    this.#lines = new TimelineLines({ paint: session.paint, full, screenWidth: session.host.out.width, nowMs: undefined })
  }

  isNews({ executionId, status, lastUpdatedAt }: OrchestrationState): boolean {
    const seen = `${executionId} ${status} ${lastUpdatedAt.getTime()}`
    if (seen === this.#seen) return false
    this.#seen = seen
    return true
  }

  async show({ executionId, generation }: OrchestrationState, events: readonly HistoryEvent[]): Promise<void> {
    this.events = events
    const rows = timelineRows(events)
    // Another generation, or a history that was rewound, begins anew.
    const isNew = this.#executionId !== undefined && (executionId !== this.#executionId || rows.length < this.#shown)
    const { paint, asJson } = this.#session
    if (isNew && !asJson) await this.#session.write(`${paint.dim(executionId === this.#executionId ? '— rewound —' : `— generation ${generation + 1} —`)}\n`)
    const fresh = isNew ? rows : rows.slice(this.#shown)
    this.#executionId = executionId
    this.#shown = rows.length
    if (fresh.length > 0 && !asJson) await this.#session.write(this.#lines.more(fresh))
  }
}
