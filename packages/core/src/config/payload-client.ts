/** The client's ports of a service with codecs: payloads are encoded on the way in and decoded on the way out. Reads never fail for a payload that cannot be decoded: it comes as a stand-in. */
import type { ClientPort } from '../provider/client-port.js'
import type { HistoryPort, QuarantinePort, QueryPort } from '../provider/store-ports.js'
import type { PayloadCoder } from './payload-coder.js'

export function codedClient(port: ClientPort, coder: PayloadCoder): ClientPort {
  return {
    async create({ start, messages, reuse }) {
      const result = await port.create({ start: coder.encodeOutbound(start), messages: messages?.map((each) => coder.encodeOutbound(each)), reuse })
      return result.outcome === 'exists' ? { ...result, state: coder.openState(result.state) } : result
    },
    send: (messages) => port.send(messages.map((each) => coder.encodeOutbound(each))),
    async getState(instanceId, options) {
      const state = await port.getState(instanceId, options)
      return state === undefined ? undefined : coder.openState(state)
    },
    ...(port.watch === undefined ? {} : { watch: (instanceId: string, signal: AbortSignal) => (port as Required<ClientPort>).watch(instanceId, signal) }),
  }
}

export function codedQuery(port: QueryPort, coder: PayloadCoder): QueryPort {
  return {
    async query(filter, page) {
      const { instances, continuation } = await port.query(filter, page)
      return { instances: instances.map((state) => coder.openState(state)), continuation }
    },
  }
}

export function codedHistory(port: HistoryPort, coder: PayloadCoder): HistoryPort {
  return {
    async *read(instanceId) {
      for await (const chunk of port.read(instanceId)) yield coder.openEvents(chunk).value
    },
  }
}

export function codedQuarantine(port: QuarantinePort, coder: PayloadCoder): QuarantinePort {
  return {
    async *list() {
      for await (const each of port.list()) yield each.message === undefined ? each : { ...each, message: coder.openMessage(each.message).value }
    },
    replay: (id) => port.replay(id),
    delete: (id) => port.delete(id),
  }
}
