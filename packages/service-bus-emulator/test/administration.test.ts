/** The administration client: queues are created, read, updated, listed, deleted; what is not supported is refused. */
import type { ServiceBusAdministrationClient } from '@azure/service-bus'
import { beforeAll, describe, expect, it } from 'vitest'
import { adminClient, failureOf, isEmulated, onlyEmulated, receive, useTestBed } from './test-bed.js'

const bed = useTestBed()
let admin: ServiceBusAdministrationClient
beforeAll(() => void (admin = bed.admin()))
const newName = (): string => `admin-${Math.random().toString(36).slice(2)}`

/** A queue for one test, deleted after it. */
async function withQueue(use: (name: string) => Promise<void>): Promise<void> {
  const name = newName()
  try {
    await use(name)
  } finally {
    if (await admin.queueExists(name)) await admin.deleteQueue(name)
  }
}

describe('queues', () => {
  it('are created with defaults, and can be used', () =>
    withQueue(async (name) => {
      const created = await admin.createQueue(name)
      expect(created).toMatchObject({ name, lockDuration: 'PT1M', maxDeliveryCount: 10, requiresSession: false, requiresDuplicateDetection: false, deadLetteringOnMessageExpiration: false, status: 'Active', enablePartitioning: false })
      expect(created.defaultMessageTimeToLive).toBe('P10675199DT2H48M5.4775807S')
      await bed.client.createSender(name).sendMessages({ body: 1 })
      expect(await receive(bed.client.createReceiver(name, { receiveMode: 'receiveAndDelete' }), 1)).toHaveLength(1)
    }))

  it('are created with everything set', () =>
    withQueue(async (name) => {
      const options = {
        lockDuration: 'PT45S',
        maxDeliveryCount: 5,
        requiresSession: true,
        requiresDuplicateDetection: true,
        duplicateDetectionHistoryTimeWindow: 'PT4H',
        defaultMessageTimeToLive: 'P7D',
        deadLetteringOnMessageExpiration: true,
        maxSizeInMegabytes: 2048,
        userMetadata: 'for <tests> & "more"',
      }
      await admin.createQueue(name, options)
      expect(await admin.getQueue(name)).toMatchObject({ name, ...options })
      const receiver = await bed.client.acceptSession(name, 'a')
      await receiver.close()
    }))

  it('are found in any case, under the name they were created with', () =>
    withQueue(async (name) => {
      await admin.createQueue(name)
      if (isEmulated) expect((await admin.getQueue(name.toUpperCase())).name).toBe(name)
    }))

  it('with a slash in the name are one queue', () =>
    withQueue(async (base) => {
      const name = `${base}/orchestrator`
      await admin.createQueue(name)
      expect((await admin.getQueue(name)).name).toBe(name)
      await bed.client.createSender(name).sendMessages({ body: 1 })
      await admin.deleteQueue(name)
    }))

  it('exist once', () =>
    withQueue(async (name) => {
      await admin.createQueue(name)
      expect(await failureOf(admin.createQueue(name))).toMatchObject({ code: 'MessageEntityAlreadyExistsError' })
    }))

  it('that are not there are not found', async () => {
    expect(await admin.queueExists('not-there')).toBe(false)
    expect(await failureOf(admin.getQueue('not-there'))).toMatchObject({ code: 'MessageEntityNotFoundError' })
    expect(await failureOf(admin.deleteQueue('not-there'))).toMatchObject({ code: 'MessageEntityNotFoundError' })
  })

  it('can be changed where they may', () =>
    withQueue(async (name) => {
      const created = await admin.createQueue(name)
      const updated = await admin.updateQueue({ ...created, maxDeliveryCount: 3, lockDuration: 'PT30S' })
      expect(updated).toMatchObject({ maxDeliveryCount: 3, lockDuration: 'PT30S' })
      expect(await admin.getQueue(name)).toMatchObject({ maxDeliveryCount: 3, lockDuration: 'PT30S' })
      expect((await failureOf(admin.updateQueue({ ...created, requiresSession: true }))).message).toBeTruthy()
    }))

  it('that are disabled take nothing, until they are enabled again', () =>
    withQueue(async (name) => {
      const created = await admin.createQueue(name)
      await admin.updateQueue({ ...created, status: 'SendDisabled' })
      expect((await failureOf(bed.client.createSender(name).sendMessages({ body: 1 }))).code).toBe('MessagingEntityDisabled')
      await admin.updateQueue({ ...created, status: 'Active' })
      await bed.client.createSender(name).sendMessages({ body: 1 })
    }))

  it('are listed, page by page', async () => {
    const names = [newName(), newName(), newName()]
    await Promise.all(names.map((name) => admin.createQueue(name)))
    const listed: string[] = []
    for await (const page of admin.listQueues().byPage({ maxPageSize: 2 })) {
      expect(page.length).toBeLessThanOrEqual(2)
      listed.push(...page.map(({ name }) => name))
    }
    expect(listed).toEqual(expect.arrayContaining(names))
    expect(new Set(listed).size).toBe(listed.length)
    await Promise.all(names.map((name) => admin.deleteQueue(name)))
  })

  it('that are deleted are gone for clients too', () =>
    withQueue(async (name) => {
      await admin.createQueue(name)
      const sender = bed.client.createSender(name)
      await sender.sendMessages({ body: 1 })
      await admin.deleteQueue(name)
      expect(await admin.queueExists(name)).toBe(false)
      expect((await failureOf(bed.client.createSender(name).sendMessages({ body: 1 }))).code).toBe('MessagingEntityNotFound')
    }))
})

describe('runtime properties', () => {
  it('count messages by state', () =>
    withQueue(async (name) => {
      await admin.createQueue(name)
      const sender = bed.client.createSender(name)
      await sender.sendMessages([{ body: 1 }, { body: 2 }, { body: 3 }])
      await sender.scheduleMessages({ body: 4 }, new Date(Date.now() + 3_600_000))
      const receiver = bed.client.createReceiver(name)
      const [message] = await receive(receiver, 1)
      await receiver.deadLetterMessage(message!)
      const counts = await admin.getQueueRuntimeProperties(name)
      expect(counts).toMatchObject({ name, activeMessageCount: 2, deadLetterMessageCount: 1, scheduledMessageCount: 1, transferMessageCount: 0, totalMessageCount: 4 })
      expect(counts.sizeInBytes).toBeGreaterThan(0)
      expect(Math.abs(counts.createdAt.getTime() - Date.now())).toBeLessThan(60_000)
      await receiver.close()
    }))

  it('are listed', () =>
    withQueue(async (name) => {
      await admin.createQueue(name)
      const found: string[] = []
      for await (const properties of admin.listQueuesRuntimeProperties()) found.push(properties.name)
      expect(found).toContain(name)
    }))
})

describe('the namespace', () => {
  it('has a description', async () => {
    expect(await admin.getNamespaceProperties()).toMatchObject({ messagingSku: expect.stringMatching(/Standard|Premium|Basic/) as unknown })
  })

  onlyEmulated('refuses a wrong key', async () => {
    const stranger = adminClient(bed.connectionString.replace(/SharedAccessKey=[^;]+/, 'SharedAccessKey=wrong'))
    expect((await failureOf(stranger.createQueue('x'))).code).toBe('UnauthorizedRequestError')
  })
})

describe('what is not supported', () => {
  onlyEmulated.each([
    ['forwarding', { forwardTo: 'elsewhere' }, /forwarding to another entity is not supported/],
    ['forwarding of dead letters', { forwardDeadLetteredMessagesTo: 'elsewhere' }, /forwarding of dead-lettered messages is not supported/],
    ['partitions', { enablePartitioning: true }, /partitioned entities are not supported/],
    ['deletion on idle', { autoDeleteOnIdle: 'PT5M' }, /deletion of idle entities is not supported/],
    ['express entities', { enableExpress: true }, /express entities are not supported/],
  ])('%s is refused at once', async (_what, options, message) => {
    expect((await failureOf(admin.createQueue(newName(), options))).message).toMatch(message)
  })

  onlyEmulated('values out of range are refused with their range', async () => {
    expect((await failureOf(admin.createQueue(newName(), { lockDuration: 'PT10M' }))).message).toMatch(/lockDurationMs is 600000; it must be from 1 to 300000/)
    expect((await failureOf(admin.createQueue(newName(), { lockDuration: 'soon' }))).message).toMatch(/no duration/)
  })

  onlyEmulated('topics, subscriptions and rules are refused at once', async () => {
    for (const call of [() => admin.createTopic('t'), () => admin.createSubscription('t', 's'), () => admin.createRule('t', 's', 'r', { sqlExpression: '1=1' }), () => admin.listTopics().next()]) {
      expect((await failureOf(call())).message).toMatch(/queues only, no topics, subscriptions or rules/)
    }
  })
})
