/** What a turn sends, when that takes longer than it should. */
import { defineOrchestration } from '@dtfx/core'
import { sleep, systemClock } from '@dtfx/core/provider'
import { expect } from 'vitest'
import { onlyEmulated, useBed } from '../bed.js'
import { eventually } from '../eventually.js'
import { useHubs } from '../use-hubs.js'

const newHub = useHubs(useBed())

onlyEmulated('timers that are sent after their times fire in the order of those', { timeout: 60_000 }, async () => {
  const hub = await newHub()
  const three = defineOrchestration('Three', async (ctx) => {
    const order: number[] = []
    const fires = async (n: number): Promise<void> => {
      await ctx.createTimer(n * 10)
      order.push(n)
    }
    await Promise.all([3, 1, 2].map(fires))
    return order
  })
  const handle = await hub.client.start(three)
  const busy = hub.busy('orchestrator')
  await hub.work({ orchestrations: [three] })
  await eventually('the turn wants to send', () => busy.hits > 0)
  // Longer than the longest of them.
  await sleep(systemClock, 50)
  busy.remove()
  expect(await handle.result({ timeout: '40s' })).toEqual([1, 2, 3])
})
