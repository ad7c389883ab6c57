/** Wrong keys, unknown entities, malformed frames, unsupported features: the error that Azure documents, and the emulator goes on. */
import { connect, type Socket } from 'node:net'
import { ServiceBusClient } from '@azure/service-bus'
import { startServiceBusEmulator, type EmulatorError, type EmulatorOptions } from '@dtfx/service-bus-emulator'
import rhea from 'rhea'
import { describe, expect, it } from 'vitest'
import { bodies, eventually, failureOf, isEmulated, onlyEmulated, receive, useTestBed } from './test-bed.js'

const bed = useTestBed()
const impatient = { retryOptions: { maxRetries: 0, timeoutInMs: 5_000 } }

/** Whoever did what before: others are served. */
async function expectService(): Promise<void> {
  const name = await bed.queue()
  await bed.client.createSender(name).sendMessages({ body: 'still here' })
  expect(bodies(await receive(bed.client.createReceiver(name, { receiveMode: 'receiveAndDelete' }), 1))).toEqual(['still here'])
}

describe('clients are refused', () => {
  it('with a wrong key', async () => {
    const name = await bed.queue()
    const stranger = new ServiceBusClient(bed.connectionString.replace(/SharedAccessKey=[^;]+/, 'SharedAccessKey=d3Jvbmc='), impatient)
    expect((await failureOf(stranger.createSender(name).sendMessages({ body: 1 }))).code).toBe('UnauthorizedAccess')
    expect((await failureOf(stranger.createReceiver(name).receiveMessages(1))).code).toBe('UnauthorizedAccess')
    await stranger.close()
    await expectService()
  })

  it('with an unknown key name', async () => {
    const name = await bed.queue()
    const stranger = new ServiceBusClient(bed.connectionString.replace(/SharedAccessKeyName=[^;]+/, 'SharedAccessKeyName=nobody'), impatient)
    expect((await failureOf(stranger.createSender(name).sendMessages({ body: 1 }))).code).toBe('UnauthorizedAccess')
    await stranger.close()
  })

  it('at queues that are not there', async () => {
    expect((await failureOf(bed.client.createSender('not-there').sendMessages({ body: 1 }))).code).toBe('MessagingEntityNotFound')
    expect((await failureOf(bed.client.createReceiver('not-there').receiveMessages(1))).code).toBe('MessagingEntityNotFound')
    expect((await failureOf(bed.client.createReceiver('not-there').peekMessages(1))).code).toBe('MessagingEntityNotFound')
    await expectService()
  })

  onlyEmulated('at a full queue', async () => {
    const name = await bed.queue({ maxSizeMegabytes: 1 })
    const sender = bed.client.createSender(name)
    for (let count = 0; count < 5; count++) await sender.sendMessages({ body: Buffer.alloc(200_000) })
    expect((await failureOf(sender.sendMessages({ body: Buffer.alloc(200_000) }))).code).toBe('QuotaExceeded')
  })

  onlyEmulated('at a disabled queue', async () => {
    const name = await bed.queue({ status: 'Disabled' })
    expect((await failureOf(bed.client.createSender(name).sendMessages({ body: 1 }))).code).toBe('MessagingEntityDisabled')
    expect((await failureOf(bed.client.createReceiver(name).receiveMessages(1))).code).toBe('MessagingEntityDisabled')
  })

  onlyEmulated('at subscriptions, at once', async () => {
    const failure = await failureOf(bed.client.createReceiver('topic', 'subscription').receiveMessages(1))
    expect(failure.message).toMatch(/is a subscription; this emulator has queues only/)
    expect(failure.retryable).toBe(false)
  })

  onlyEmulated('with a request that is not known', async () => {
    const name = await bed.queue()
    const rules = bed.client.createRuleManager(name, 'subscription')
    expect((await failureOf(rules.listRules().next())).message).toMatch(/queues only/)
    await expectService()
  })

  onlyEmulated('when one message of a batch cannot be taken, and then none is', async () => {
    const name = await bed.sessionQueue()
    const sender = bed.client.createSender(name)
    await failureOf(sender.sendMessages([{ body: 1, sessionId: 'a' }, { body: 2 }]))
    expect(bed.emulator.counts(name).active).toBe(0)
  })
})

/** A connection that says what it is told, and collects the answer. */
async function rawAnswer(...parts: readonly Buffer[]): Promise<Buffer> {
  const { port, host } = bed.emulator
  const answer: Buffer[] = []
  await new Promise<void>((done, failed) => {
    const socket: Socket = connect(port, host, () => {
      for (const part of parts) socket.write(part)
    })
    socket.on('data', (chunk: Buffer) => answer.push(chunk))
    socket.on('error', failed)
    socket.on('close', () => done())
    socket.setTimeout(5_000, () => socket.destroy())
  })
  return Buffer.concat(answer)
}

const plainHeader = Buffer.from('AMQP\x00\x01\x00\x00', 'latin1')
/** An open frame: container id `x`. */
const openFrame = Buffer.from('00000011020000000053 10c00401a10178'.replace(/ /g, ''), 'hex')
const frame = (channel: number, hex: string): Buffer => {
  const body = Buffer.from(hex.replace(/ /g, ''), 'hex')
  const head = Buffer.alloc(8)
  head.writeUInt32BE(body.length + 8)
  head[4] = 2
  head.writeUInt16BE(channel, 6)
  return Buffer.concat([head, body])
}

describe('malformed frames', () => {
  onlyEmulated('something that is no AMQP gets the protocol header', async () => {
    expect((await rawAnswer(Buffer.from([0xff, 0xfe, 0xfd, 0, 1, 2, 3, 4]))).toString('latin1', 0, 4)).toBe('AMQP')
    await expectService()
  })

  onlyEmulated.each([
    ['an unknown frame type', Buffer.from('0000000802070000', 'hex'), 'amqp:connection:framing-error'],
    ['a data offset of one', Buffer.from('0000000801000000', 'hex'), 'amqp:connection:framing-error'],
    ['an unknown type', frame(0, '005310 c0 04 01 3f0000'), 'amqp:decode-error'],
    ['a list that is longer than its frame', frame(0, '005310 c0 ff 20 a10178'), 'amqp:decode-error'],
    ['a transfer on a link that is not there', Buffer.concat([frame(0, '005311 c0 09 04 40 43 70 00000800 43'), frame(0, '005314 c0 04 02 52 07 43')]), 'amqp:decode-error'],
    ['a frame on a channel that is not there', frame(9, '005313 d0 00000005 00000000'), 'amqp:connection:framing-error'],
  ])('%s closes the connection with a reason', async (_what, bytes, condition) => {
    const answer = await rawAnswer(plainHeader, openFrame, bytes)
    expect(answer.toString('latin1')).toContain(condition)
    await expectService()
  })

  onlyEmulated('random bytes in frames harm nobody', async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const bytes = Buffer.from(Array.from({ length: 60 }, (_, index) => (seed * 7919 + index * index * 31 + index * seed) & 0xff))
      await rawAnswer(plainHeader, openFrame, frame(0, `0053${(0x10 + (seed % 9)).toString(16)}`), frame(seed % 2, bytes.toString('hex')))
    }
    await expectService()
    await eventually(() => bed.emulator.connectionCount <= 3)
  })

  onlyEmulated.each([
    ['no section', Buffer.from([0x41])],
    ['a section that ends too early', Buffer.from([0x00, 0x53, 0x75, 0xa0, 0x10, 1, 2])],
    ['a section that does not exist', Buffer.from([0x00, 0x53, 0x7f, 0x40])],
    ['properties that are no list', Buffer.from([0x00, 0x53, 0x73, 0x41])],
    ['an endless list of annotations', Buffer.from([0x00, 0x53, 0x72, 0xd1, 0, 0, 0, 5, 0xff, 0xff, 0xff, 0xff, 0x40])],
  ])('a message with %s is rejected', async (_what, bytes) => {
    const name = await bed.queue()
    const connection = rhea.create_container().connect({ host: bed.emulator.host, port: bed.emulator.port, username: 'RootManageSharedAccessKey', password: 'SAS_KEY_VALUE', reconnect: false })
    const sender = connection.open_sender({ target: { address: name } })
    await new Promise((sendable) => sender.once('sendable', sendable))
    const rejected = new Promise<string>((done) => sender.once('rejected', (context) => done((context.delivery!.remote_state as { error: { condition: string } }).error.condition)))
    sender.send(bytes as unknown as rhea.Message, undefined, 0)
    expect(await rejected).toBe('amqp:decode-error')
    connection.close()
    expect(bed.emulator.counts(name).active).toBe(0)
  })

  onlyEmulated('a link without a token is refused', async () => {
    const name = await bed.queue()
    const connection = rhea.create_container().connect({ host: bed.emulator.host, port: bed.emulator.port, username: 'x', reconnect: false })
    const sender = connection.open_sender({ target: { address: name } })
    const condition = await new Promise((done) => sender.once('sender_error', (context) => done((context.sender!.error as { condition: string }).condition)))
    expect(condition).toBe('amqp:unauthorized-access')
    connection.close()
  })

  onlyEmulated('a wrong key in the handshake is refused', async () => {
    const connection = rhea.create_container().connect({ host: bed.emulator.host, port: bed.emulator.port, username: 'RootManageSharedAccessKey', password: 'wrong', reconnect: false })
    connection.on('disconnected', () => undefined)
    const { error } = await new Promise<{ error?: { condition?: string } }>((done) => connection.once('connection_error', (context) => done(context as never)))
    expect(error?.condition).toBe('amqp:unauthorized-access')
  })
})

describe('starting', () => {
  const start = (options: object): Promise<EmulatorError> =>
    startServiceBusEmulator(options as EmulatorOptions).then(
      async (emulator) => {
        await emulator.close()
        throw new Error('it started')
      },
      (error: EmulatorError) => error,
    )

  it.each<[string, object, RegExp]>([
    ['an unknown option', { ports: 1 }, /There is no option 'ports'. The options are queues, port/],
    ['a port that is none', { port: 70_000 }, /The option port must be a port number from 0 to 65535/],
    ['queues that are no list', { queues: {} }, /The option queues must be a list/],
    ['a queue without a name', { queues: [{}] }, /queues\[0\] has no name/],
    ['a queue that is no object', { queues: ['q'] }, /queues\[0\] must be an object/],
    ['a wrong name', { queues: [{ name: '/x' }] }, /queues\[0\]: name is "\/x"; it must be letters/],
    ['an unknown option of a queue', { queues: [{ name: 'a' }, { name: 'q', lock: 5 }] }, /queues\[1\]: there is no option 'lock'/],
    ['a value out of range', { queues: [{ name: 'q', maxDeliveryCount: 0 }] }, /maxDeliveryCount is 0; it must be an integer from 1/],
    ['forwarding', { queues: [{ name: 'q', forwardTo: 'p' }] }, /forwarding to another entity is not supported/],
    ['partitions', { queues: [{ name: 'q', enablePartitioning: true }] }, /partitioned entities are not supported/],
    ['a queue twice', { queues: [{ name: 'q' }, { name: 'Q' }] }, /'Q' is given twice/],
    ['a certificate that is none', { tls: { cert: 'x', key: 'y' } }, /certificate or key in tls cannot be used/],
  ])('%s is refused with what to do', async (_what, options, message) => {
    const error = await start(options)
    expect(error.code).toBe('DTFX_EMULATOR_OPTIONS')
    expect(error.message).toMatch(message)
  })

  onlyEmulated('a port in use is named', async () => {
    const error = await start({ port: bed.emulator.port })
    expect(error.code).toBe('DTFX_EMULATOR_PORT')
    expect(error.message).toContain(`${bed.emulator.port}`)
  })

  it('queues are created and deleted while it runs', async () => {
    if (!isEmulated) return
    await using emulator = await startServiceBusEmulator({ queues: [{ name: 'first' }] })
    emulator.createQueue({ name: 'second', requiresSession: true })
    expect(emulator.queues).toEqual(['first', 'second'])
    expect(() => emulator.createQueue({ name: 'FIRST' })).toThrow(/DTFX_EMULATOR_QUEUE: The queue 'FIRST' exists already/)
    emulator.deleteQueue('First')
    expect(() => emulator.counts('first')).toThrow(/DTFX_EMULATOR_QUEUE: There is no queue 'first'. The queues are second/)
    expect(emulator.counts('second/$DeadLetterQueue').active).toBe(0)
    await emulator.close()
    expect(() => emulator.createQueue({ name: 'third' })).toThrow(/DTFX_EMULATOR_CLOSED/)
  })
})
