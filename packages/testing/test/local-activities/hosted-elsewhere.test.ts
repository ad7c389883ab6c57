/** An activity that the worker which schedules it does not host is none of its local ones. */
import { expect, it } from 'vitest'
import type { CommitDiscipline } from '@dtfx/core/provider'
import { activity, create, memoryHub, never, runTurn } from '../memory/memory-hub.js'

it.each<[CommitDiscipline, string, string]>(
  (['atomic', 'messages-first', 'state-first-outbox'] as const).flatMap((commit) => [
    [commit, 'Charge', 'here'],
    [commit, 'Other', 'the other'],
  ]),
)('%s: one that hosts only %s: %s worker gets Charge', async (commit, hosted, expected) => {
  const { service, port: other } = await memoryHub({ commit })
  const port = await service.startWorker({ workerId: 'here', hosted: { orchestrations: [{ name: 'Flow' }], activities: [{ name: hosted }] }, concurrency: { orchestrations: 1, activities: 1 } })
  await create(service, 'a')
  const winner = Promise.race([other.nextActivity({}, never).then(() => 'the other'), port.nextActivity({}, never).then(() => 'here')])
  await runTurn(port, { outbound: [activity('a', 0)] })
  expect(await winner).toBe(expected)
  await Promise.all([port.stop(0), other.stop(0)])
})
