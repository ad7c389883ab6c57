/**
 * Many messages with random settlements: none is lost, none is settled twice, memory stays flat.
 * 6 000 messages by default; DTFX_EMULATOR_SOAK sets another number. Prints what it measured.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { ServiceBusClient, ServiceBusReceivedMessage, ServiceBusReceiver } from '@azure/service-bus'
import type Long from 'long'
import rhea from 'rhea'
import { expect } from 'vitest'
import { onlyEmulated, useTestBed } from './test-bed.js'

const total = Number(process.env['DTFX_EMULATOR_SOAK'] ?? 6_000)
const roundLength = 1_000
const sessionShare = 0.2
const sessionCount = 20
/** What a heap may grow between the first quarter and the end: code, caches, noise. */
const allowedGrowthBytes = 12 * 1024 * 1024

const bed = useTestBed(() => ({ queues: [{ name: 'work', maxDeliveryCount: 1_000_000 }, { name: 'sessions', requiresSession: true }] }))

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void
const amqpNull = { constructor: { isBuffer: () => true }, toRheaTyped: () => rhea.types.wrap(null) }

/** A repeatable random number from 0 to 1. */
function randomSource(start: number): () => number {
  let state = start
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

class Soak {
  readonly random = randomSource(42)
  /** How often each message came to its end. */
  readonly ends = new Uint8Array(total)
  readonly deferred: Long[] = []
  dead = 0
  abandoned = 0
  next = 0

  constructor(readonly client: ServiceBusClient) {}

  async round(): Promise<void> {
    const ids = Array.from({ length: Math.min(roundLength, total - this.next) }, () => this.next++)
    const split = Math.floor(ids.length * sessionShare)
    const [ofSessions, ofWork] = [ids.slice(0, split), ids.slice(split)]
    const [work, sessions] = [this.client.createSender('work'), this.client.createSender('sessions')]
    for (let start = 0; start < ofWork.length; start += 100) await work.sendMessages(ofWork.slice(start, start + 100).map((body) => ({ body })))
    if (ofSessions.length > 0) await sessions.sendMessages(ofSessions.map((body, index) => ({ body, sessionId: `s${index % sessionCount}` })))
    await Promise.all([this.#work(ofWork.length), this.#sessions(ofSessions.length)])
    await Promise.all([work.close(), sessions.close()])
  }

  /** Settles until all messages of the queue are completed, dead or deferred, then takes the deferred. */
  async #work(count: number): Promise<void> {
    const receiver = this.client.createReceiver('work', { maxAutoLockRenewalDurationInMs: 0 })
    let open = count
    while (open > 0) {
      const messages = await receiver.receiveMessages(Math.min(100, open), { maxWaitTimeInMs: 5_000 })
      const groups: Record<'complete' | 'abandon' | 'defer' | 'deadLetter', ServiceBusReceivedMessage[]> = { complete: [], abandon: [], defer: [], deadLetter: [] }
      for (const message of messages) groups[this.#choice()].push(message)
      open -= messages.length - groups.abandon.length
      for (const kind of ['complete', 'abandon', 'defer', 'deadLetter'] as const) await this.#settle(receiver, kind, groups[kind])
    }
    for (const sequenceNumber of this.deferred.splice(0)) {
      const [message] = await receiver.receiveDeferredMessages(sequenceNumber)
      await receiver.completeMessage(message!)
      this.#end(message!)
    }
    await receiver.close()
  }

  /** Kinds one after the other: the client confuses those of one turn. */
  async #settle(receiver: ServiceBusReceiver, kind: 'complete' | 'abandon' | 'defer' | 'deadLetter', messages: readonly ServiceBusReceivedMessage[]): Promise<void> {
    await Promise.all(messages.map((message) => receiver[`${kind}Message`](message)))
    if (kind === 'abandon') this.abandoned += messages.length
    if (kind === 'defer') this.deferred.push(...messages.map(({ sequenceNumber }) => sequenceNumber!))
    if (kind === 'complete' || kind === 'deadLetter') messages.forEach((message) => this.#end(message))
    if (kind === 'deadLetter') this.dead += messages.length
  }

  async #sessions(count: number): Promise<void> {
    for (let open = count; open > 0; ) {
      const receiver = await this.client.acceptNextSession('sessions', { maxAutoLockRenewalDurationInMs: 0 })
      const expected = Math.ceil(count / sessionCount)
      const messages = await receiver.receiveMessages(expected, { maxWaitTimeInMs: 5_000 })
      await receiver.setSessionState(Buffer.from('state'))
      await Promise.all(messages.map((message) => receiver.completeMessage(message)))
      messages.forEach((message) => this.#end(message))
      open -= messages.length
      await receiver.setSessionState(amqpNull)
      await receiver.close()
    }
  }

  #choice(): 'complete' | 'abandon' | 'defer' | 'deadLetter' {
    const number = this.random()
    if (number < 0.75) return 'complete'
    if (number < 0.9) return 'abandon'
    return number < 0.92 ? 'defer' : 'deadLetter'
  }

  #end({ body }: ServiceBusReceivedMessage): void {
    this.ends[body as number] = this.ends[body as number]! + 1
  }
}

/** Empties the dead-letter queue, so that only a leak can grow. */
async function burnTheDead(client: ServiceBusClient): Promise<number> {
  const receiver = client.createReceiver('work', { subQueueType: 'deadLetter', receiveMode: 'receiveAndDelete' })
  let count = 0
  for (let left = bed.emulator.counts('work').deadLettered; left > 0; left = bed.emulator.counts('work').deadLettered) count += (await receiver.receiveMessages(Math.min(left, 100), { maxWaitTimeInMs: 5_000 })).length
  await receiver.close()
  return count
}

onlyEmulated(`${total} messages: no loss, no duplicate, flat memory`, async () => {
  const soak = new Soak(bed.client)
  const heaps: number[] = []
  let burnt = 0
  const startedMs = performance.now()
  while (soak.next < total) {
    await soak.round()
    burnt += await burnTheDead(bed.client)
    collectGarbage()
    heaps.push(process.memoryUsage().heapUsed)
  }
  expect(soak.ends.every((count) => count === 1)).toBe(true)
  expect(burnt).toBe(soak.dead)
  expect(bed.emulator.counts('work')).toMatchObject({ active: 0, locked: 0, deferred: 0, scheduled: 0, deadLettered: 0, sizeBytes: 0 })
  expect(bed.emulator.counts('sessions')).toMatchObject({ active: 0, locked: 0, sessions: 0 })
  const atQuarter = heaps[Math.floor(heaps.length / 4)]!
  const megabytes = (bytes: number): string => (bytes / 1024 / 1024).toFixed(1)
  process.stdout.write(`soak: ${total} messages, ${soak.abandoned} abandoned, ${soak.dead} dead-lettered, ${((performance.now() - startedMs) / 1000).toFixed(0)} s; heap after collection ${megabytes(atQuarter)} MB at a quarter, ${megabytes(heaps.at(-1)!)} MB in the end, at most ${megabytes(Math.max(...heaps))} MB; resident ${megabytes(process.memoryUsage().rss)} MB\n`)
  expect(heaps.at(-1)! - atQuarter).toBeLessThan(allowedGrowthBytes)
}, 60_000 + total * 20)
