/** Commits whose answer is lost: the worker asks again with the same checkpoint, the provider finds it stored, and nobody takes his own write for that of another. */
import assert from 'node:assert/strict'
import { defineActivity, defineOrchestration } from '@dtfx/core'
import { AmbiguousCommitError, delegateService, type CommitResult, type OrchestrationService, type OrchestrationWorkItem, type WorkerPort } from '@dtfx/core/provider'
import type { Suite } from './suite.js'

/** Loses the first answer to every commit; `answers` are the later ones. */
class AnswerLosingPort implements WorkerPort {
  readonly #asked = new Set<string>()

  constructor(
    readonly port: WorkerPort,
    readonly answers: CommitResult['outcome'][],
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
      complete: async (checkpoint) => {
        const result = await item.complete(checkpoint)
        if (!this.#asked.has(checkpoint.checkpointId)) {
          this.#asked.add(checkpoint.checkpointId)
          throw new AmbiguousCommitError('the commit', 'its answer was lost')
        }
        this.answers.push(result.outcome)
        return result
      },
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

export function ambiguousCommitSuite(suite: Suite): void {
  suite.group('ambiguous commits', () => {
    suite.test('a commit whose answer was lost is asked for again, and counts as made', async (hub) => {
      const answers: CommitResult['outcome'][] = []
      const service: OrchestrationService = delegateService(hub.service, { startWorker: async (spec) => new AnswerLosingPort(await hub.service.startWorker(spec), answers) })
      let runs = 0
      const count = defineActivity('Count', () => ++runs)
      const calls = defineOrchestration('Calls', async (ctx) => [await ctx.callActivity(count), await ctx.callActivity(count)])
      await hub.startWorker({ orchestrations: [calls], activities: [count] }, {}, service)
      assert.deepEqual(await (await hub.client.start(calls)).result({ timeout: '20s' }), [1, 2])
      await hub.eventually('the worker has heard of every commit', () => answers.length >= 3)
      assert.deepEqual([...new Set(answers)], ['committed'])
      assert.equal(runs, 2)
    })
  })
}
