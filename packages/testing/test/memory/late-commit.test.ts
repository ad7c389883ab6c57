/** A commit whose result was unknown and that takes effect late, in the middle of its repetition: it is still this process's own, and never a lost race. */
import { AmbiguousCommitError, type Checkpoint } from '@dtfx/core/provider'
import { expect, it } from 'vitest'
import type { Steps } from '../../src/memory/steps.js'
import { activity, checkpointOf, create, memoryHub, never } from './memory-hub.js'

/** The first `write` is reported as unknown, and lands just before the second one. */
function lateWrite(): Steps {
  let late: (() => unknown) | undefined
  return {
    take: async (step, write) => {
      if (step.name !== 'write') return write()
      if (late === undefined) {
        late = write
        throw new AmbiguousCommitError('write', 'nobody knows')
      }
      await late()
      return write()
    },
  }
}

it.each(['messages-first', 'state-first-outbox'] as const)('under %s: the repetition says committed, and the activity of the turn runs', async (commit) => {
  const { service, clock } = await memoryHub({ commit })
  await create(service, 'a')
  const port = await service.connect({ clock }, lateWrite()).startWorker({ workerId: 'w', concurrency: { orchestrations: 1, activities: 1 } })
  const running = port.nextActivity({}, never)
  const item = await port.nextOrchestration(never)
  const checkpoint: Checkpoint = await checkpointOf(item, { outbound: [activity('a', 0)] })
  await expect(item.complete(checkpoint)).rejects.toThrow(AmbiguousCommitError)
  expect(await item.complete(checkpoint)).toMatchObject({ outcome: 'committed' })
  expect((await running).delivered.id).toBe('x-a/0')
})
