/**
 * What every part of the client works with: the service, its converter, and the way to call a port.
 * Invariants: the hub is created once, before the first call, unless `autoCreate` is off; a call that failed for a passing reason, or whose effect is unknown,
 * is repeated with the same messages, whose ids make the repetition harmless.
 */
import { backoffMs } from '../base/backoff.js'
import { sleep } from '../base/clock.js'
import { limits } from '../base/limits.js'
import { dtfxError, DurableError } from '../errors/durable-error.js'
import type { HistoryEvent } from '../model/events.js'
import { checkInstanceId } from '../model/instance.js'
import type { MessageId } from '../model/message.js'
import type { OutboundMessage } from '../provider/checkpoint.js'
import type { OrchestrationService } from '../provider/orchestration-service.js'
import { jsonConverter, type DataConverter } from '../serialization/data-converter.js'

const retryBackoff = { firstMs: 100, maxMs: 2_000 }

export class ClientContext {
  readonly converter: DataConverter
  #hub: Promise<void> | undefined
  #isReady = false

  constructor(
    readonly service: OrchestrationService,
    readonly autoCreate: boolean,
  ) {
    this.converter = service.converter ?? jsonConverter
  }

  /** Calls a port. `call` must be harmless to repeat. */
  call<T>(call: () => Promise<T>): Promise<T> {
    if (!this.autoCreate || this.#isReady) return this.#retried(call)
    return this.#ready().then(() => {
      this.#isReady = true
      return this.#retried(call)
    })
  }

  /** The payload of a value. @throws DTFX_NOT_SERIALIZABLE, DTFX_PAYLOAD_TOO_LARGE */
  encode(value: unknown, what: string): string | undefined {
    const text = this.converter.encode(value, what)
    const limit = this.service.capabilities.maxPayloadBytes
    if (text === undefined || text.length * 3 <= limit) return text
    const length = Buffer.byteLength(text)
    if (length > limit) throw dtfxError('DTFX_PAYLOAD_TOO_LARGE', { what, length, limit })
    return text
  }

  /** An id that was given, or a new one for one that is blank. @throws DTFX_INVALID_INSTANCE_ID */
  instanceId(given: string | undefined): string {
    if (given === undefined || (typeof given === 'string' && given.trim() === '')) return this.service.host.random.id()
    checkInstanceId(given)
    return given
  }

  /** A message to an instance, whatever its execution. Drawn once per call of the user: repeated as it is. */
  messageTo(instanceId: string, event: HistoryEvent, options: { readonly id?: MessageId; readonly executionId?: string } = {}): OutboundMessage {
    const { id = this.service.host.random.id(), executionId } = options
    return { id, target: { kind: 'instance', instanceId }, message: { event, instance: { instanceId, executionId } } }
  }

  /** A port that not every provider has. @throws DTFX_NOT_SUPPORTED */
  require<Name extends 'query' | 'history' | 'purge' | 'quarantine' | 'scale'>(name: Name, what: string): NonNullable<OrchestrationService[Name]> {
    const port = this.service[name]
    if (port === undefined) throw dtfxError('DTFX_NOT_SUPPORTED', { provider: this.service.name, what })
    return port
  }

  #ready(): Promise<void> {
    this.#hub ??= this.#retried(() => this.service.createHub()).catch((error: unknown) => {
      this.#hub = undefined
      throw error
    })
    return this.#hub
  }

  async #retried<T>(call: () => Promise<T>): Promise<T> {
    const { clock, random } = this.service.host
    for (let attempt = 1; ; attempt++) {
      try {
        return await call()
      } catch (error) {
        const passing = DurableError.is(error, 'DTFX_TRANSIENT') || DurableError.is(error, 'DTFX_AMBIGUOUS')
        if (!passing || attempt > limits.maxClientRetries) throw error
        await sleep(clock, backoffMs(retryBackoff, attempt, random))
      }
    }
  }
}
