/** An emulator with a file: a restart keeps queues, messages, sessions and schedules; a torn end is tolerated, damage is an error. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ServiceBusClient } from '@azure/service-bus'
import { ManualClock, startServiceBusEmulator, type EmulatorError, type EmulatorOptions, type QueueOptions, type ServiceBusEmulator } from '@dtfx/service-bus-emulator'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bodies, receive, receiveOne } from './test-bed.js'

let folder: string
let file: string
const clock = new ManualClock()
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'emulator-'))
  file = join(folder, 'bus.log')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const queues: readonly QueueOptions[] = [
  { name: 'plain', requiresDuplicateDetection: true },
  { name: 'sessions', requiresSession: true },
]

/** One life of an emulator on the file. */
async function life<T>(use: (client: ServiceBusClient, emulator: ServiceBusEmulator) => Promise<T>, options: EmulatorOptions = { queues }): Promise<T> {
  await using emulator = await startServiceBusEmulator({ file, clock, ...options })
  const client = new ServiceBusClient(emulator.connectionString, { retryOptions: { maxRetries: 0, timeoutInMs: 5_000 } })
  try {
    return await use(client, emulator)
  } finally {
    await client.close()
  }
}

const failedStart = (options: EmulatorOptions = {}): Promise<EmulatorError> =>
  life(async () => undefined, options).then(
    () => Promise.reject(new Error('it started')),
    (error: EmulatorError) => error,
  )

describe('a restart keeps', () => {
  it('messages in order, with everything', async () => {
    await life(async (client) => {
      await client.createSender('plain').sendMessages([{ body: { a: 1 }, messageId: 'm1', subject: 's', applicationProperties: { x: 1.5 }, partitionKey: 'p' }, { body: 'b' }, { body: 'c' }])
      const receiver = client.createReceiver('plain')
      await receiver.completeMessage((await receive(receiver, 3))[1]!)
    })
    await life(async (client) => {
      const [first, second] = await receive(client.createReceiver('plain'), 2)
      expect(first).toMatchObject({ body: { a: 1 }, messageId: 'm1', subject: 's', applicationProperties: { x: 1.5 }, partitionKey: 'p', deliveryCount: 0 })
      expect(second!.body).toBe('c')
      expect(second!.sequenceNumber!.toNumber()).toBe(3)
    })
  })

  it('sessions with their state', async () => {
    await life(async (client) => {
      await client.createSender('sessions').sendMessages([{ body: 1, sessionId: 'a' }, { body: 2, sessionId: 'b' }, { body: 3, sessionId: 'a' }])
      const receiver = await client.acceptSession('sessions', 'a')
      await receiver.setSessionState({ step: 7 })
    })
    await life(async (client) => {
      const receiver = await client.acceptSession('sessions', 'a')
      expect(await receiver.getSessionState()).toEqual({ step: 7 })
      expect(bodies(await receive(receiver, 2))).toEqual([1, 3])
    })
  })

  it('schedules, deferred messages, dead letters, counts of deliveries', async () => {
    const deferred = await life(async (client) => {
      const sender = client.createSender('plain')
      await sender.sendMessages([{ body: 'deferred' }, { body: 'dead' }, { body: 'failed' }])
      await sender.scheduleMessages({ body: 'scheduled' }, new Date(clock.nowMs() + 60_000))
      const receiver = client.createReceiver('plain')
      const [first, second, third] = await receive(receiver, 3)
      await receiver.deferMessage(first!)
      await receiver.deadLetterMessage(second!, { deadLetterReason: 'bad', deadLetterErrorDescription: '' })
      await receiver.abandonMessage(third!, { why: 'x' })
      return first!.sequenceNumber!
    })
    await life(async (client, emulator) => {
      expect(emulator.counts('plain')).toMatchObject({ active: 1, deferred: 1, scheduled: 1, deadLettered: 1 })
      const receiver = client.createReceiver('plain')
      expect(bodies(await receiver.receiveDeferredMessages(deferred))).toEqual(['deferred'])
      expect(await receiveOne(receiver)).toMatchObject({ body: 'failed', deliveryCount: 1, applicationProperties: { why: 'x' } })
      expect((await receiveOne(client.createReceiver('plain', { subQueueType: 'deadLetter' }))).deadLetterReason).toBe('bad')
      clock.advance(60_000)
      expect(await receiver.peekMessages(10)).toHaveLength(3)
    })
  })

  it('remembered message ids, and never gives a number twice', async () => {
    await life(async (client) => {
      await client.createSender('plain').sendMessages({ body: 1, messageId: 'same' })
      const receiver = client.createReceiver('plain')
      await receiver.completeMessage(await receiveOne(receiver))
    })
    await life(async (client, emulator) => {
      const sender = client.createSender('plain')
      await sender.sendMessages({ body: 2, messageId: 'same' })
      expect(emulator.counts('plain').active).toBe(0)
      await sender.sendMessages({ body: 3 })
      expect((await receiveOne(client.createReceiver('plain'))).sequenceNumber!.toNumber()).toBe(2)
    })
  })

  it('queues that were created, changed and deleted meanwhile', async () => {
    await life(async (_client, emulator) => {
      emulator.createQueue({ name: 'new', maxDeliveryCount: 3 })
      emulator.deleteQueue('plain')
    })
    await life(async (_client, emulator) => expect([...emulator.queues].sort()).toEqual(['new', 'sessions']), {})
    await life(async (_client, emulator) => expect([...emulator.queues].sort()).toEqual(['new', 'plain', 'sessions']), { queues: [...queues, { name: 'new', maxDeliveryCount: 5 }] })
  })

  it('the same when the process dies without closing', async () => {
    const first = await startServiceBusEmulator({ file, clock, queues })
    const client = new ServiceBusClient(first.connectionString)
    await client.createSender('plain').sendMessages({ body: 'acknowledged' })
    const copy = join(folder, 'copy.log')
    writeFileSync(copy, readFileSync(file))
    await client.close()
    await first.close()
    await life(async (next) => expect((await receiveOne(next.createReceiver('plain'))).body).toBe('acknowledged'), { file: copy })
  })
})

describe('the file', () => {
  it('is shortened as messages go', async () => {
    await life(async (client) => {
      const sender = client.createSender('plain')
      const receiver = client.createReceiver('plain', { receiveMode: 'receiveAndDelete' })
      for (let turn = 0; turn < 12; turn++) {
        await sender.sendMessages({ body: Buffer.alloc(200_000) })
        await receiveOne(receiver)
      }
      await sender.sendMessages({ body: 'kept' })
    })
    expect(statSync(file).size).toBeLessThan(1_400_000)
    await life(async (client) => expect((await receiveOne(client.createReceiver('plain'))).body).toBe('kept'))
  })

  it('may end in the middle of a line: that line was never acknowledged', async () => {
    await life((client) => client.createSender('plain').sendMessages({ body: 'whole' }))
    appendFileSync(file, '1234abcd [{"kind":"message","queue":"pl')
    const lines: string[] = []
    await life(async (client) => expect(bodies(await client.createReceiver('plain').peekMessages(10))).toEqual(['whole']), { queues, log: (line) => lines.push(line) })
    expect(lines.join('\n')).toContain('the last line is not complete and is dropped')
    await life(async (client) => expect(bodies(await client.createReceiver('plain').peekMessages(10))).toEqual(['whole']))
  })

  it('torn anywhere in its last line starts with what came before', async () => {
    await life((client) => client.createSender('plain').sendMessages({ body: 'first' }))
    const before = statSync(file).size
    await life((client) => client.createSender('plain').sendMessages({ body: 'second' }))
    const content = readFileSync(file)
    for (const size of [before + 1, before + 9, Math.floor((before + content.length) / 2), content.length - 1]) {
      writeFileSync(file, content)
      truncateSync(file, size)
      await life(async (_client, emulator) => expect(emulator.counts('plain').active).toBe(1), {})
    }
  })

  it.each([
    ['a changed byte', (content: Buffer) => void (content[content.length - 20] = content[content.length - 20]! ^ 1), /line \d+: its checksum is wrong/],
    ['another start', (content: Buffer) => void content.write('x'), /line 1: it does not start as the file of an emulator/],
  ])('with %s is refused', async (_what, damage, message) => {
    await life((client) => client.createSender('plain').sendMessages({ body: 'x' }))
    const content = readFileSync(file)
    damage(content)
    writeFileSync(file, content)
    const error = await failedStart()
    expect(error.code).toBe('DTFX_EMULATOR_FILE_CORRUPT')
    expect(error.message).toMatch(message)
    expect(readFileSync(file).equals(content)).toBe(true)
  })

  it('in a folder that does not exist is refused', async () => {
    expect(await failedStart({ file: join(folder, 'nowhere', 'bus.log') })).toMatchObject({ code: 'DTFX_EMULATOR_FILE' })
  })

  it('with a queue of another kind is refused', async () => {
    await life(async () => undefined)
    const error = await failedStart({ queues: [{ name: 'plain', requiresSession: true, requiresDuplicateDetection: true }] })
    expect(error.code).toBe('DTFX_EMULATOR_OPTIONS')
    expect(error.message).toMatch(/requiresSession/)
  })
})
