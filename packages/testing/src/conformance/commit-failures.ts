/** Commits that fail, or whose answer is lost: nobody takes his own write for that of another, and what was decided but not stored is decided again from what is stored. */
import assert from 'node:assert/strict'
import { defineActivity, defineEvent, defineOrchestration, TaskHubWorker, type TaskHubWorkerOptions } from '@dtfx/core'
import { AmbiguousCommitError, delegateService, TransientError, type Checkpoint, type CommitResult, type OrchestrationWorkItem, type WorkerPort } from '@dtfx/core/provider'
import type { ConformanceHub } from './conformance-hub.js'
import type { Suite } from './suite.js'

/** Stands between worker and provider: what becomes of a commit. */
type Commit = (checkpoint: Checkpoint, item: OrchestrationWorkItem) => Promise<CommitResult>

class TroubledPort implements WorkerPort {
  constructor(
    readonly port: WorkerPort,
    readonly commit: Commit,
  ) {}

  async nextOrchestration(signal: AbortSignal): Promise<OrchestrationWorkItem> {
    const item = await this.port.nextOrchestration(signal)
    return {
      kind: item.kind,
      instanceId: item.instanceId,
      messages: item.messages,
      get lockedUntil() {
        return item.lockedUntil
      },
      get lost() {
        return item.lost
      },
      load: (known) => item.load(known),
      complete: (checkpoint) => this.commit(checkpoint, item),
      markSuspect: () => item.markSuspect(),
      renew: () => item.renew(),
      release: (settlements) => item.release(settlements),
    }
  }

  nextActivity(...request: Parameters<WorkerPort['nextActivity']>): ReturnType<WorkerPort['nextActivity']> {
    return this.port.nextActivity(...request)
  }

  stop(deadlineMs: number): ReturnType<WorkerPort['stop']> {
    return this.port.stop(deadlineMs)
  }
}

async function withTroubledWorker(hub: ConformanceHub, options: TaskHubWorkerOptions, commit: Commit, body: () => Promise<void>): Promise<void> {
  const service = delegateService(hub.service, { startWorker: async (spec) => new TroubledPort(await hub.service.startWorker(spec), commit) })
  const worker = new TaskHubWorker(service, options)
  await worker.start()
  try {
    await body()
  } finally {
    await worker.stop({ deadline: '2s' })
  }
}

export function commitFailureSuite(suite: Suite): void {
  suite.group('commit failures', () => {
    suite.test('a commit whose answer was lost is asked for again, and counts as made', async (hub) => {
      const asked = new Set<string>()
      const answers: CommitResult['outcome'][] = []
      const loseAnswers: Commit = async (checkpoint, item) => {
        const result = await item.complete(checkpoint)
        if (asked.has(checkpoint.checkpointId)) {
          answers.push(result.outcome)
          return result
        }
        asked.add(checkpoint.checkpointId)
        throw new AmbiguousCommitError('the commit', 'its answer was lost')
      }
      let runs = 0
      const count = defineActivity('Count', () => ++runs)
      const calls = defineOrchestration('Calls', async (ctx) => [await ctx.callActivity(count), await ctx.callActivity(count)])
      await withTroubledWorker(hub, { orchestrations: [calls], activities: [count] }, loseAnswers, async () => {
        assert.deepEqual(await (await hub.client.start(calls)).result({ timeout: '20s' }), [1, 2])
        await hub.eventually('the worker has heard of every commit', () => answers.length >= 3)
      })
      assert.deepEqual([...new Set(answers)], ['committed'])
      assert.equal(runs, 2)
    })
    suite.test('a turn that could not be committed leaves nothing behind in memory', async (hub) => {
      const data = defineEvent<number>('Data')
      const takes = defineOrchestration('Takes', async (ctx) => {
        const first = await ctx.waitForExternalEvent(data)
        ctx.setCustomStatus('took one')
        return [first, await ctx.waitForExternalEvent(data)]
      })
      let failing: string | undefined
      const failOne: Commit = (checkpoint, item) => {
        const isFirstEvent = checkpoint.history.events.some(({ type }) => type === 'EventRaised')
        if (isFirstEvent) failing ??= checkpoint.checkpointId
        return checkpoint.checkpointId === failing ? Promise.reject(new TransientError('the commit', 'the store is not there')) : item.complete(checkpoint)
      }
      await withTroubledWorker(hub, { orchestrations: [takes] }, failOne, async () => {
        const handle = await hub.client.start(takes)
        await hub.eventually('it waits', async () => (await handle.state())?.status === 'Running')
        await handle.raiseEvent(data, 1)
        await hub.eventually('the event was taken', async () => (await handle.state())?.customStatus === 'took one')
        assert.ok(failing !== undefined)
        await handle.raiseEvent(data, 2)
        assert.deepEqual(await handle.result({ timeout: '20s' }), [1, 2])
      })
    })
  })
}
