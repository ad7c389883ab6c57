/** Middleware that throws for one activity of three: that one does not vanish. Its message is tried again, which log and metric show, and before the broker would set it aside it ends in a failure with a code. */
import { defineActivity, defineOrchestration } from '@dtfx/core'
import type { Host } from '@dtfx/core/provider'
import { expect } from 'vitest'
import { onlyEmulated, useBed } from './bed.js'
import { useHubs } from './use-hubs.js'

const bed = useBed()
const newHub = useHubs(bed)

for (const localActivities of [false, true]) {
  onlyEmulated(`two tasks complete, one fails with a code after its faults; local: ${localActivities}`, { timeout: 120_000 }, async () => {
    const hub = await newHub({ localActivities })
    const task = defineActivity('Task', (_ctx, input: number) => `done ${input}`)
    const three = defineOrchestration('Three', async (ctx) => {
      const results = await Promise.allSettled([1, 2, 3].map((each) => ctx.callActivity(task, each)))
      return results.map((each) => (each.status === 'fulfilled' ? each.value : (/DTFX_\w+/.exec(JSON.stringify((each.reason as { failure?: unknown }).failure))?.[0] ?? String(each.reason))))
    })
    const counts: unknown[] = []
    const lines: string[] = []
    const host: Host = {
      metrics: { count: (name, _value, labels) => void (name === 'dtfx.faults' && counts.push([labels?.['kind'], labels?.['count'], labels?.['max']])), gauge: () => {}, record: () => {} },
      logger: { enabled: () => true, log: (_level, message) => lines.push(...(/\d of 3/.exec(message) ?? [])) },
    }
    await hub.work(
      {
        orchestrations: [three],
        activities: [task],
        maxFaults: 3,
        middleware: { activity: [(ctx, next) => (ctx.event.input === '[1]' ? Promise.reject(new Error('this middleware fails')) : next())] },
      },
      {},
      host,
    )
    const handle = await hub.client.start(three)
    const output = await handle.result({ timeout: '90s' })
    expect(output).toEqual(['DTFX_MIDDLEWARE_FAILED', 'done 2', 'done 3'])
    const { events } = await handle.history()
    expect(events.filter(({ type }) => type === 'TaskCompleted')).toHaveLength(2)
    expect(events.filter(({ type }) => type === 'TaskFailed')).toHaveLength(1)
    expect(counts).toEqual([1, 2, 3].map((count) => ['activity', count, 3]))
    expect(lines).toEqual(['1 of 3', '2 of 3', '3 of 3'])
    expect(hub.counts('worker')).toMatchObject({ deadLettered: 0 })
    await hub.empty()
  })
}
