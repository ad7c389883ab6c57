/** One orchestration from end to end. */
import { defineActivity, defineOrchestration, TaskHubClient, TaskHubWorker } from '@dtfx/core'
import { expect, it } from 'vitest'
import { useBed } from './bed.js'

const bed = useBed()
const hello = defineActivity('Hello', (_ctx, name: string) => `Hello ${name}!`)
const greets = defineOrchestration('Greets', async (ctx) => [await ctx.callActivity(hello, 'a'), await ctx.callActivity(hello, 'b')])

it.for([true, false])('an orchestration with two activities, local: %s', async (localActivities) => {
  const service = bed.open({ localActivities })
  const worker = new TaskHubWorker(service, { orchestrations: [greets], activities: [hello] })
  await worker.start()
  const handle = await new TaskHubClient(service).start(greets)
  expect(await handle.result({ timeout: '10s' })).toEqual(['Hello a!', 'Hello b!'])
  expect((await handle.history()).events.length).toBeGreaterThan(5)
  await worker.stop()
})
