/**
 * The worker's port of a service with codecs, and what becomes of payloads that cannot be decoded. The rule: wait for the key, then fail as little as possible, lose nothing.
 *
 * 1. The key or codec is missing here: for `payloadKeyGraceMs` the whole item is deferred with back-off, in order, for a worker that has it. Control messages never wait: their reason is decoration.
 * 2. After that time, and at once for damaged data:
 *    - a start, an activity's input and an instance's own history are handed over with stand-ins: decoding them fails that instance or task with DTFX_PAYLOAD_CODEC.
 *      What is stored stays as it is, so that a rewind with the right key goes on;
 *    - any other message is quarantined alone with DTFX_PAYLOAD_CODEC; replaying it from quarantine with the right key delivers it.
 * 3. Stand-ins are written back as the stored text they stand for.
 */
import { addMs, compareTicks, msFromTicks, type Ticks } from '../base/ticks.js'
import { type DurableError } from '../errors/durable-error.js'
import { LockLostError } from '../errors/provider-errors.js'
import type { Checkpoint } from '../provider/checkpoint.js'
import type { Host, OrchestrationService } from '../provider/orchestration-service.js'
import type { ActivityWorkItem, Delivered, InstanceSnapshot, InstanceVersion, OrchestrationWorkItem, Settlement } from '../provider/work-items.js'
import type { WorkerPort } from '../provider/worker-port.js'
import { logEvents } from '../telemetry/log-events.js'
import type { PayloadCoder } from './payload-coder.js'
import { isKeyMissing } from './unreadable-text.js'

/** Their payload is a reason for people; what they do does not depend on it. */
const controlTypes: ReadonlySet<string> = new Set(['ExecutionTerminated', 'ExecutionSuspended', 'ExecutionResumed', 'ExecutionRewound'])
const minDeferMs = 1_000
const maxDeferMs = 60_000

export interface PayloadWorkerOptions {
  readonly coder: PayloadCoder
  readonly host: OrchestrationService['host']
  readonly keyGraceMs: number
}

interface Decoded {
  readonly delivered: Delivered
  readonly problem: DurableError | undefined
}

export class PayloadWorkerPort implements WorkerPort {
  constructor(
    readonly inner: WorkerPort,
    readonly options: PayloadWorkerOptions,
  ) {}

  async nextOrchestration(signal: AbortSignal): Promise<OrchestrationWorkItem> {
    for (;;) {
      const item = await this.inner.nextOrchestration(signal)
      const { readable, unreadable, defer } = this.#sort(item.messages)
      if (defer !== undefined) await this.#giveBack(item, deferAll(item.messages, defer))
      else if (readable.length === 0) await this.#giveBack(item, unreadable)
      else return new CodedOrchestrationItem(item, readable, unreadable, this.options)
    }
  }

  async nextActivity(request: { readonly accept?: readonly string[] | undefined }, signal: AbortSignal): Promise<ActivityWorkItem> {
    for (;;) {
      const item = await this.inner.nextActivity(request, signal)
      const { delivered, problem } = this.#decode(item.delivered)
      const until = problem === undefined ? undefined : deferUntil(problem, [delivered], this.options)
      if (until === undefined) return codedActivity(item, delivered, this.options.coder)
      warnDeferred(this.options.host, problem, delivered.message.instance.instanceId)
      await settled(this.options.host, item.release({ receipt: delivered.receipt, outcome: 'defer', until }))
    }
  }

  stop(deadlineMs: number): ReturnType<WorkerPort['stop']> {
    return this.inner.stop(deadlineMs)
  }

  #decode(delivered: Delivered): Decoded {
    const { value: message, problem } = this.options.coder.openMessage(delivered.message)
    return { delivered: message === delivered.message ? delivered : { ...delivered, message }, problem }
  }

  #sort(messages: readonly Delivered[]): { readonly readable: readonly Delivered[]; readonly unreadable: readonly Settlement[]; readonly defer?: Ticks | undefined } {
    const readable: Delivered[] = []
    const unreadable: Settlement[] = []
    for (const { delivered, problem } of messages.map((each) => this.#decode(each))) {
      const { event, instance } = delivered.message
      if (problem === undefined || controlTypes.has(event.type)) {
        readable.push(delivered)
        continue
      }
      const defer = deferUntil(problem, [delivered], this.options)
      if (defer !== undefined) {
        warnDeferred(this.options.host, problem, instance.instanceId)
        return { readable, unreadable, defer }
      }
      if (event.type === 'ExecutionStarted') readable.push(delivered)
      else unreadable.push({ receipt: delivered.receipt, outcome: 'quarantine', code: problem.code, reason: problem.message })
    }
    for (const each of unreadable) this.#report(each)
    return { readable, unreadable }
  }

  #report({ code = '', reason }: Settlement): void {
    const { logger, metrics } = this.options.host
    logger.log('error', `${logEvents.quarantined.text}: unreadable payload`, { code, reason }, logEvents.quarantined.id)
    metrics.count('dtfx.messages.quarantined', 1, { code })
  }

  #giveBack(item: OrchestrationWorkItem, settlements: readonly Settlement[]): Promise<void> {
    return settled(this.options.host, item.release(settlements))
  }
}

class CodedOrchestrationItem implements OrchestrationWorkItem {
  readonly kind: OrchestrationWorkItem['kind']
  readonly instanceId: string
  readonly lost: AbortSignal
  #givenBack = false

  constructor(
    readonly inner: OrchestrationWorkItem,
    readonly messages: readonly Delivered[],
    /** Settlements of the messages that the worker never sees. */
    readonly withheld: readonly Settlement[],
    readonly options: PayloadWorkerOptions,
  ) {
    this.kind = inner.kind
    this.instanceId = inner.instanceId
    this.lost = inner.lost
  }

  get lockedUntil(): Ticks | undefined {
    return this.inner.lockedUntil
  }

  async load(known?: InstanceVersion): Promise<InstanceSnapshot | 'unchanged'> {
    const snapshot = await (known === undefined ? this.inner.load() : this.inner.load(known))
    if (snapshot === 'unchanged') return snapshot
    const { coder, host } = this.options
    const { value: history, problem } = coder.openEvents(snapshot.history)
    const until = problem === undefined ? undefined : deferUntil(problem, this.messages, this.options)
    if (until !== undefined) {
      warnDeferred(host, problem, this.instanceId)
      this.#givenBack = true
      await settled(host, this.inner.release([...deferAll(this.messages, until), ...this.withheld]))
      throw new LockLostError(`instance '${this.instanceId}', given back because its history cannot be decoded here`, problem)
    }
    if (problem !== undefined) host.logger.log('error', 'history with unreadable payloads', { instanceId: this.instanceId, code: problem.code, reason: problem.message })
    return { ...snapshot, history, state: snapshot.state === undefined ? undefined : coder.openState(snapshot.state) }
  }

  complete(checkpoint: Checkpoint): ReturnType<OrchestrationWorkItem['complete']> {
    const { coder } = this.options
    return this.inner.complete({
      ...checkpoint,
      settlements: this.withheld.length === 0 ? checkpoint.settlements : [...checkpoint.settlements, ...this.withheld],
      history: { kind: checkpoint.history.kind, events: checkpoint.history.events.map((event) => coder.encodeEvent(event)) },
      outbound: checkpoint.outbound.map((each) => coder.encodeOutbound(each)),
      state: checkpoint.state === undefined ? undefined : coder.encodeState(checkpoint.state),
    })
  }

  markSuspect(): Promise<number> {
    return this.inner.markSuspect()
  }

  renew(): ReturnType<OrchestrationWorkItem['renew']> {
    return this.inner.renew()
  }

  async release(settlements: readonly Settlement[]): Promise<void> {
    if (!this.#givenBack) await this.inner.release(this.withheld.length === 0 ? settlements : [...settlements, ...this.withheld])
  }
}

function codedActivity(item: ActivityWorkItem, delivered: Delivered, coder: PayloadCoder): ActivityWorkItem {
  return {
    delivered,
    get lockedUntil() {
      return item.lockedUntil
    },
    lost: item.lost,
    instanceGone: item.instanceGone,
    renew: () => item.renew(),
    complete: (event) => item.complete(coder.encodeEvent(event)),
    release: (settlement) => item.release(settlement),
  }
}

/** When an item with this problem should come again; undefined when waiting does not help (any more). Grows with the age of the oldest message. */
function deferUntil(problem: DurableError, messages: readonly Delivered[], { host, keyGraceMs }: PayloadWorkerOptions): Ticks | undefined {
  if (!isKeyMissing(problem)) return undefined
  const now = host.clock.nowTicks()
  const oldest = messages.reduce((first, { enqueuedAt }) => (compareTicks(enqueuedAt, first) < 0 ? enqueuedAt : first), now)
  const ageMs = msFromTicks(now) - msFromTicks(oldest)
  return ageMs >= keyGraceMs ? undefined : addMs(now, Math.min(Math.max(ageMs, minDeferMs), maxDeferMs))
}

function deferAll(messages: readonly Delivered[], until: Ticks): Settlement[] {
  return messages.map(({ receipt }) => ({ receipt, outcome: 'defer', until }))
}

function warnDeferred({ logger }: Pick<Required<Host>, 'logger'>, problem: DurableError | undefined, instanceId: string): void {
  const fields = { instanceId, code: problem?.code, reason: problem?.message }
  logger?.log('warn', `${logEvents.deferred.text}: the key or codec of a payload is missing here`, fields, logEvents.deferred.id)
}

/** A failure to give an item back is no failure to get the next one: its lock runs out. */
async function settled({ logger }: OrchestrationService['host'], release: Promise<void>): Promise<void> {
  try {
    await release
  } catch (error) {
    logger.log('warn', 'a work item could not be given back; its lock will run out', { error: error instanceof Error ? error.message : String(error) })
  }
}
