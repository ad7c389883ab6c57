/**
 * Random operations of several clients on a queue with sessions, compared with a simple model after each of them and in the end.
 * 100 sequences by default; DTFX_EMULATOR_SEQUENCES sets another number, DTFX_EMULATOR_SEED another start.
 */
import type { ServiceBusClient, ServiceBusReceivedMessage, ServiceBusSessionReceiver } from '@azure/service-bus'
import fc from 'fast-check'
import Long from 'long'
import { expect } from 'vitest'
import { lockMs, maxDeliveries, QueueModel, type ModelHold, type ModelMessage } from './queue-model.js'
import { eventually, failureOf, onlyEmulated, useTestBed, withManualClock, type TestBed } from './test-bed.js'

const bed = useTestBed(withManualClock)
const sequences = Number(process.env['DTFX_EMULATOR_SEQUENCES'] ?? 100)
const seed = Number(process.env['DTFX_EMULATOR_SEED'] ?? 1)
const clientCount = 3
/** A client keeps links to every queue it has ever used. */
const runsPerClient = 20
const sessionIds = ['a', 'b', 'c']

interface Held {
  readonly receiver: ServiceBusSessionReceiver
  readonly hold: ModelHold
  readonly locked: { readonly message: ServiceBusReceivedMessage; readonly model: ModelMessage; readonly wasDeferred: boolean }[]
}

type Operation = { readonly kind: 'send' | 'schedule' | 'accept' | 'acceptNext' | 'receive' | 'complete' | 'abandon' | 'defer' | 'deadLetter' | 'takeDeferred' | 'setState' | 'renew' | 'close' | 'advance' | 'peek'; readonly who: number; readonly pick: number }

class Run {
  readonly model: QueueModel
  readonly held: Held[] = []
  #bodies = 0

  constructor(
    readonly bed: TestBed,
    readonly name: string,
    readonly clients: readonly ServiceBusClient[],
  ) {
    this.model = new QueueModel(bed.clock.nowMs())
  }

  async apply({ kind, who, pick }: Operation): Promise<void> {
    const client = this.clients[who % this.clients.length]!
    const sessionId = sessionIds[pick % sessionIds.length]!
    const held = this.held[pick % Math.max(1, this.held.length)]
    if (kind === 'send' || kind === 'schedule') return this.#send(client, sessionId, kind === 'schedule' ? 5_000 * (1 + (pick % 4)) : undefined)
    if (kind === 'accept') return this.#accept(client, sessionId)
    if (kind === 'acceptNext') return this.#acceptNext(client)
    if (kind === 'advance') return this.#advance(pick % 2 === 0 ? 10_000 : lockMs)
    if (held === undefined) return
    if (kind === 'receive') return this.#receive(held)
    if (kind === 'takeDeferred') return this.#takeDeferred(held)
    if (kind === 'setState') return this.#setState(held, pick)
    if (kind === 'renew') return this.#renew(held)
    if (kind === 'close') return this.#close(held)
    if (kind === 'peek') return this.#peek(held)
    return this.#settle(held, kind, pick)
  }

  async finish(): Promise<void> {
    const watcher = this.clients[0]!.createReceiver(this.name)
    expect(await this.#shown(watcher)).toEqual(this.model.shown())
    for (const held of [...this.held]) await this.#close(held)
    expect(await this.#shown(watcher)).toEqual(this.model.shown())
    const dead = this.clients[0]!.createReceiver(this.name, { subQueueType: 'deadLetter' })
    expect((await dead.peekMessages(1_000, { fromSequenceNumber: Long.ONE })).map(({ body }) => body as unknown)).toEqual(this.model.dead)
    await Promise.all([watcher.close(), dead.close()])
  }

  async #send(client: ServiceBusClient, sessionId: string, afterMs: number | undefined): Promise<void> {
    const body = ++this.#bodies
    const sender = client.createSender(this.name)
    if (afterMs === undefined) {
      await sender.sendMessages({ body, sessionId })
      this.model.send(sessionId, body)
    } else {
      await sender.scheduleMessages({ body, sessionId }, new Date(this.model.nowMs + afterMs))
      this.model.schedule(sessionId, body, afterMs)
    }
    await sender.close()
  }

  async #accept(client: ServiceBusClient, sessionId: string): Promise<void> {
    const call = client.acceptSession(this.name, sessionId, { maxAutoLockRenewalDurationInMs: 0 })
    if (this.model.isHeld(sessionId)) {
      expect((await failureOf(call)).code).toBe('SessionCannotBeLocked')
      return
    }
    const receiver = await call
    this.held.push({ receiver, hold: this.model.accept(sessionId), locked: [] })
    await this.#checkState(this.held.at(-1)!)
  }

  async #acceptNext(client: ServiceBusClient): Promise<void> {
    const available = this.model.available()
    if (available.size === 0) return
    const receiver = await client.acceptNextSession(this.name, { maxAutoLockRenewalDurationInMs: 0 })
    expect([...available]).toContain(receiver.sessionId)
    this.held.push({ receiver, hold: this.model.accept(receiver.sessionId), locked: [] })
  }

  async #receive(held: Held): Promise<void> {
    const model = this.model.next(held.hold)
    if (model === undefined) return
    const [message] = await held.receiver.receiveMessages(1, { maxWaitTimeInMs: 5_000 })
    expect([message?.body, message?.deliveryCount, message?.sequenceNumber?.toNumber()]).toEqual([model.body, model.deliveryCount, model.sequenceNumber])
    model.state = 'locked'
    held.locked.push({ message: message!, model, wasDeferred: false })
  }

  async #takeDeferred(held: Held): Promise<void> {
    const model = this.model.messages.find(({ sessionId, state }) => sessionId === held.hold.sessionId && state === 'deferred')
    if (model === undefined) return
    const [message] = await held.receiver.receiveDeferredMessages(Long.fromNumber(model.sequenceNumber))
    expect([message!.body, message!.deliveryCount]).toEqual([model.body, model.deliveryCount])
    model.state = 'locked'
    held.locked.push({ message: message!, model, wasDeferred: true })
  }

  async #settle(held: Held, kind: 'complete' | 'abandon' | 'defer' | 'deadLetter', pick: number): Promise<void> {
    const [locked] = held.locked.splice(pick % Math.max(1, held.locked.length), 1)
    if (locked === undefined) return
    const { message, model, wasDeferred } = locked
    await held.receiver[`${kind}Message`](message)
    if (kind === 'complete') this.model.remove(model)
    else if (kind === 'deadLetter') this.model.bury(model)
    else if (kind === 'defer') model.state = 'deferred'
    else this.model.fail(model, wasDeferred ? 'deferred' : 'active')
  }

  async #setState(held: Held, value: number): Promise<void> {
    await held.receiver.setSessionState({ value })
    this.model.states.set(held.hold.sessionId, JSON.stringify({ value }))
    await this.#checkState(held)
  }

  async #checkState(held: Held): Promise<void> {
    const expected = this.model.states.get(held.hold.sessionId)
    expect(await held.receiver.getSessionState()).toEqual(expected === undefined ? null : JSON.parse(expected))
  }

  async #renew(held: Held): Promise<void> {
    held.hold.untilMs = this.model.nowMs + lockMs
    expect((await held.receiver.renewSessionLock()).getTime()).toBe(held.hold.untilMs)
  }

  async #close(held: Held): Promise<void> {
    this.held.splice(this.held.indexOf(held), 1)
    await held.receiver.close()
    this.model.release(held.hold, false, deferredOf(held))
  }

  async #advance(byMs: number): Promise<void> {
    this.bed.clock.advance(byMs)
    const lost = this.model.advance(byMs)
    for (const hold of lost) {
      const held = this.held.find((each) => each.hold === hold)!
      this.held.splice(this.held.indexOf(held), 1)
      this.model.release(hold, true, deferredOf(held))
      await eventually(() => held.receiver.isClosed)
    }
  }

  async #peek({ receiver, hold }: Held): Promise<void> {
    expect(await this.#shown(receiver)).toEqual(this.model.shown(hold.sessionId))
  }

  async #shown(receiver: { peekMessages: ServiceBusSessionReceiver['peekMessages'] }): Promise<unknown[]> {
    const messages = await receiver.peekMessages(1_000, { fromSequenceNumber: Long.ONE })
    return messages.map(({ body, state, deliveryCount }) => [body, state, deliveryCount])
  }
}

const deferredOf = ({ locked }: Held): Set<ModelMessage> => new Set(locked.filter(({ wasDeferred }) => wasDeferred).map(({ model }) => model))

const operation: fc.Arbitrary<Operation> = fc.record({
  kind: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('send' as const) },
    { weight: 5, arbitrary: fc.constantFrom('receive' as const) },
    { weight: 4, arbitrary: fc.constantFrom('accept' as const, 'acceptNext' as const) },
    { weight: 6, arbitrary: fc.constantFrom('complete' as const, 'abandon' as const, 'defer' as const, 'deadLetter' as const) },
    { weight: 6, arbitrary: fc.constantFrom('schedule' as const, 'takeDeferred' as const, 'setState' as const, 'renew' as const, 'close' as const, 'advance' as const, 'peek' as const) },
  ),
  who: fc.nat(clientCount - 1),
  pick: fc.nat(11),
})

onlyEmulated(`${sequences} random sequences of ${clientCount} clients agree with the model`, async () => {
  let clients: ServiceBusClient[] = []
  let runs = 0
  const property = fc.asyncProperty(fc.array(operation, { minLength: 8, maxLength: 30 }), async (operations) => {
    if (runs++ % runsPerClient === 0) {
      await Promise.all(clients.map((client) => client.close()))
      clients = Array.from({ length: clientCount }, () => bed.newClient())
    }
    const name = await bed.sessionQueue({ lockDurationMs: lockMs, maxDeliveryCount: maxDeliveries })
    const run = new Run(bed, name, clients)
    for (const each of operations) await run.apply(each)
    await run.finish()
    bed.emulator.deleteQueue(name)
  })
  await fc.assert(property, { numRuns: sequences, seed })
}, 60_000 + sequences * 1_000)
