import { defineActivity, defineOrchestration, TaskHubClient, TaskHubWorker } from '@dtfx/core'
import { sleep, systemClock } from '@dtfx/core/provider'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startAzurite, type Azurite } from './azurite.js'
import { openHub } from './conformance/open-hub.js'
import { eventually } from './partitions/azurite-hub.js'

let azurite: Azurite
beforeAll(async () => void (azurite = await startAzurite()))
afterAll(() => azurite.stop())

/** What costs nothing more with more work: empty polls, leases, looks at queues and rows of partitions. */
const isIdle = (operation: string): boolean => /empty|Partitions|lease|peek/.test(operation)

const hello = defineActivity('Hello', (_ctx, name: string) => `Hello ${name}`)
const sequence = defineOrchestration('Sequence', async (ctx) => {
  const said: string[] = []
  for (const name of ['a', 'b', 'c', 'd', 'e']) said.push(await ctx.callActivity(hello, name))
  return said
})

/** Of one start, and of its turns: one look at the history, one at the row. */
const always = { 'queue put control': 1, 'queue put workitems': 5, 'queue delete workitems': 5, 'queue delete control': 1, 'queue get control': 1, 'table insert Instances': 1, 'table merge Instances': 6, 'table query History': 1, 'table query Instances': 1, 'table transaction History': 6 }

test.each([
  { localActivities: true, expected: always },
  { localActivities: false, expected: { ...always, 'queue get workitems': 5, 'queue put control': 6, 'queue get control': 6, 'queue delete control': 6 } },
])('hello-sequence-5, local activities: $localActivities', async ({ localActivities, expected }) => {
  const service = openHub(azurite.connectionString, { partitionCount: 1, localActivities, appLease: false })
  const worker = new TaskHubWorker(service, { orchestrations: [sequence], activities: [hello] })
  await worker.start()
  const client = new TaskHubClient(service)
  await (await client.start(sequence, undefined, { instanceId: 'warm-up' })).result({ timeout: '20s' })
  /** For a while: a look at a queue counts as one that finds something until its answer is there. */
  const fewest = async (): Promise<Readonly<Record<string, number>>> => {
    let counts = service.requests
    for (let sample = 0; sample < 30; sample++) {
      await sleep(systemClock, 10)
      counts = Object.fromEntries(Object.entries(service.requests).map(([name, count]) => [name, Math.min(count, counts[name] ?? count)]))
    }
    return counts
  }
  const settled = async (): Promise<Readonly<Record<string, number>>> => {
    let [counts, last] = [service.requests, '']
    await eventually('nothing more is sent', async () => {
      counts = await fewest()
      const now = JSON.stringify(Object.entries(counts).filter(([name]) => !isIdle(name)))
      const isSame = now === last
      last = now
      return isSame
    })
    return counts
  }
  const before = await settled()
  await client.start(sequence, undefined, { instanceId: 'counted' })
  // Waiting for the result would ask for the state after each turn.
  const turns = (): number => (service.requests['table merge Instances'] ?? 0) - (before['table merge Instances'] ?? 0)
  await eventually('the last turn is committed', () => turns() === 6)
  const after = await settled()
  const spent = Object.fromEntries(Object.entries(after).flatMap(([name, count]) => (isIdle(name) || count === before[name] ? [] : [[name, count - (before[name] ?? 0)]])))
  expect(spent).toEqual(expected)
  await worker.stop()
  await service.close()
})
