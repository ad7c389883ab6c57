/** Without an instance store no account is needed: orchestrations run as ever, what needs the store is absent and says so, and nothing is left of what has ended. */
import { defineActivity, defineEvent, defineOrchestration } from '@dtfx/core'
import { describe, expect } from 'vitest'
import { onlyEmulated, useBed } from './bed.js'
import { eventually } from './eventually.js'
import { useHubs } from './use-hubs.js'

const bed = useBed()
const newHub = useHubs(bed)
const go = defineEvent<string>('Go')

function programme(done: unknown[]) {
  const work = defineActivity('Work', (_ctx, input: string) => `did ${input}`)
  const tell = defineActivity('Tell', (_ctx, output: unknown) => void done.push(output))
  const child = defineOrchestration('Child', (ctx, input: string) => ctx.callActivity(work, input))
  const flow = defineOrchestration('Flow', async (ctx, { round, results }: { readonly round: number; readonly results: readonly string[] }) => {
    if (round === 0) return ctx.continueAsNew({ round: 1, results: [await ctx.callActivity(work, await ctx.waitForExternalEvent(go))] })
    await ctx.createTimer(20)
    const side = await Promise.all(['a', 'b'].map((each) => ctx.callActivity(work, each)))
    return ctx.callActivity(tell, [...results, ...side, await ctx.callSubOrchestration(child, 'child')])
  })
  return { orchestrations: [flow, child], activities: [work, tell] }
}

describe.concurrent('without an instance store', { timeout: 90_000 }, () => {
  for (const localActivities of [true, false]) {
    onlyEmulated(`all kinds of tasks run, and nothing is left; local: ${localActivities}`, async () => {
      const hub = await newHub({ instanceStore: false, localActivities })
      const done: unknown[] = []
      await hub.work(programme(done))
      const handle = await hub.client.start('Flow', { round: 0, results: [] }, { instanceId: 'a' })
      await handle.raiseEvent(go, 'go')
      await eventually('it is done', () => done.length > 0)
      expect(done).toEqual([['did go', 'did a', 'did b', 'did child']])
      await hub.empty()
    })
  }

  onlyEmulated('workers that die in between change nothing', async () => {
    const hub = await newHub({ instanceStore: false })
    const done: unknown[] = []
    const busy = hub.busy('worker')
    const first = await hub.work(programme(done))
    await (await hub.client.start('Flow', { round: 0, results: [] }, { instanceId: 'a' })).raiseEvent(go, 'go')
    await eventually('its outbox waits', () => busy.hits > 0)
    await first.die()
    busy.remove()
    await hub.work(programme(done))
    await eventually('it is done', () => done.length > 0)
    expect(done).toEqual([['did go', 'did a', 'did b', 'did child']])
    await hub.empty()
  })

  onlyEmulated('a terminated instance leaves nothing, and its id is free', async () => {
    const hub = await newHub({ instanceStore: false })
    const done: unknown[] = []
    await hub.work(programme(done))
    const handle = await hub.client.start('Flow', { round: 0, results: [] }, { instanceId: 'a' })
    await handle.terminate('enough')
    await hub.empty()
    await (await hub.client.start('Flow', { round: 1, results: [] }, { instanceId: 'a' })).raiseEvent(go, 'go')
    await eventually('the next one is done', () => done.length > 0)
    await hub.empty()
  })

  onlyEmulated('what needs the store is absent', async () => {
    const hub = await newHub({ instanceStore: false })
    const { capabilities, query, history, purge } = hub.service
    expect(capabilities).toMatchObject({ query: false, history: false, purge: false, rewind: false, uniqueStart: false, historyAfterCompletion: false, quarantine: true, scale: true })
    expect([query, history, purge, hub.service.account]).toEqual([undefined, undefined, undefined, undefined])
    const refused = { code: 'DTFX_NOT_SUPPORTED' }
    await expect(hub.client.state('a')).rejects.toMatchObject(refused)
    await expect(hub.client.history('a')).rejects.toMatchObject(refused)
    await expect(hub.client.purge('a')).rejects.toMatchObject(refused)
    await expect(hub.client.rewind('a')).rejects.toMatchObject(refused)
    await expect(hub.client.start('Flow', 1, { instanceId: 'a', reuse: 'skip' })).resolves.toBeDefined()
    await expect((async () => { for await (const each of hub.client.query()) expect.fail(each.instanceId) })()).rejects.toMatchObject(refused)
    expect(bed.bus.queues.filter((name) => name.startsWith(`${hub.name}/`)).sort()).toEqual([`${hub.name}/orchestrator`, `${hub.name}/worker`])
  })
})
