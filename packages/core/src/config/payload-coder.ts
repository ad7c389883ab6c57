/**
 * Encodes and decodes every payload of events, messages and states with a chain of codecs. The two directions of one service share it.
 * Invariants:
 * 1. Decoding never throws: what cannot be read becomes a stand-in (unreadable-text.ts), and the problem is reported next to the result.
 * 2. Encoding a stand-in gives back the stored text it stands for.
 */
import type { DurableError } from '../errors/durable-error.js'
import type { HistoryEvent } from '../model/events.js'
import type { InstanceState } from '../model/instance.js'
import type { TaskMessage } from '../model/message.js'
import type { OutboundMessage } from '../provider/checkpoint.js'
import { jsonConverter, type DataConverter } from '../serialization/data-converter.js'
import type { PayloadChain } from '../serialization/payload-chain.js'
import { mapEvent, mapMessage, mapState, type PayloadMap } from '../serialization/payload-members.js'
import { EncodedStates } from './encoded-states.js'
import { isKeyMissing, UnreadableText } from './unreadable-text.js'

/** Member that holds the encoded properties of a failure: wire contract. */
const wrapped = 'dtfx-payload'

/** Something decoded, and what could not be: the worst problem, damaged data above a missing key. */
export interface Opened<T> {
  readonly value: T
  readonly problem: DurableError | undefined
}

export class PayloadCoder {
  readonly #chain: PayloadChain
  readonly #unreadable: UnreadableText
  readonly #states = new EncodedStates()
  readonly #encoding: PayloadMap = { text: (text) => this.#encode(text), properties: (properties) => this.#encodeProperties(properties) }

  /** `id` is random and stays in this process. */
  constructor(chain: PayloadChain, id: string) {
    this.#chain = chain
    this.#unreadable = new UnreadableText(id)
  }

  /** `base`, except that it tells for a payload that could not be decoded why. */
  converter(base: DataConverter = jsonConverter): DataConverter {
    return {
      encode: (value, what) => base.encode(value, what),
      decode: (payload, what) => {
        const error = payload === undefined ? undefined : this.#unreadable.errorOf(payload)
        if (error !== undefined) throw error
        return base.decode(payload, what)
      },
    }
  }

  encodeEvent<Event extends HistoryEvent>(event: Event): Event {
    return mapEvent(event, this.#encoding) as Event
  }

  encodeOutbound(outbound: OutboundMessage): OutboundMessage {
    const message = mapMessage(outbound.message, this.#encoding)
    return message === outbound.message ? outbound : { ...outbound, message }
  }

  encodeState(state: InstanceState): InstanceState {
    return this.#states.encode(state, this.#encoding)
  }

  openEvents(events: readonly HistoryEvent[]): Opened<readonly HistoryEvent[]> {
    return this.#open((map) => events.map((event) => mapEvent(event, map)))
  }

  openMessage(message: TaskMessage): Opened<TaskMessage> {
    return this.#open((map) => mapMessage(message, map))
  }

  openState(state: InstanceState): InstanceState {
    return this.#open((map) => mapState(state, map)).value
  }

  #open<T>(read: (map: PayloadMap) => T): Opened<T> {
    let problem: DurableError | undefined
    const text = (stored: string): string => {
      try {
        return this.#chain.decode(stored)
      } catch (error) {
        const found = error as DurableError
        if (problem === undefined || isKeyMissing(problem)) problem = found
        return this.#unreadable.wrap(stored, found)
      }
    }
    const value = read({ text, properties: (properties) => this.#decodeProperties(properties, text) })
    return { value, problem }
  }

  #encode(text: string): string {
    return this.#unreadable.unwrap(text) ?? this.#chain.encode(text)
  }

  #encodeProperties(properties: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    const own = properties[wrapped]
    const stored = typeof own === 'string' ? this.#unreadable.unwrap(own) : undefined
    if (stored !== undefined) return { [wrapped]: stored }
    const json = JSON.stringify(properties)
    const encoded = this.#chain.encode(json)
    return encoded === json && own === undefined ? properties : { [wrapped]: encoded }
  }

  #decodeProperties(properties: Readonly<Record<string, unknown>>, decode: (text: string) => string): Readonly<Record<string, unknown>> {
    const stored = properties[wrapped]
    if (typeof stored !== 'string') return properties
    const json = decode(stored)
    if (this.#unreadable.unwrap(json) !== undefined) return { [wrapped]: json }
    try {
      return JSON.parse(json) as Record<string, unknown>
    } catch {
      return properties
    }
  }
}
