/** What a test of the suite works with: a service on a hub of its own, a client, and workers that are stopped at the end. */
import assert from 'node:assert/strict'
import { TaskHubClient, TaskHubWorker, type AnyActivity, type AnyOrchestration, type HistoryEvent, type OrchestrationService, type TaskHubWorkerOptions } from '@dtfx/core'
import { sleep, systemClock } from '@dtfx/core/provider'
import type { Variant } from './variants.js'
import { WorkerGroup } from './worker-group.js'

export interface Definitions {
  readonly orchestrations?: readonly AnyOrchestration[]
  readonly activities?: readonly AnyActivity[]
}

export class ConformanceHub {
  readonly client: TaskHubClient
  readonly #variant: Variant
  readonly #groups: WorkerGroup[] = []

  constructor(
    readonly service: OrchestrationService,
    variant: Variant,
    /** See `ConformanceOptions`. */
    readonly showsLate: boolean,
  ) {
    this.#variant = variant
    this.client = new TaskHubClient(service)
  }

  /** Starts a worker, or as many as the variant has, with its options; own options win, middleware is added inside that of the variant. */
  async startWorker(definitions: Definitions, options: TaskHubWorkerOptions = {}): Promise<WorkerGroup> {
    const { middleware: outer } = this.#variant.worker
    const middleware = {
      orchestration: [...(outer?.orchestration ?? []), ...(options.middleware?.orchestration ?? [])],
      activity: [...(outer?.activity ?? []), ...(options.middleware?.activity ?? [])],
    }
    const all = { unknownNameGraceMs: 0, ...this.#variant.worker, ...options, ...definitions, middleware }
    const group = new WorkerGroup(Array.from({ length: this.#variant.workers }, () => new TaskHubWorker(this.service, all)))
    this.#groups.push(group)
    await group.start()
    return group
  }

  async history(instanceId: string): Promise<HistoryEvent[]> {
    assert.ok(this.service.history !== undefined, 'this test needs the history capability')
    const events: HistoryEvent[] = []
    for await (const chunk of this.service.history.read(instanceId)) events.push(...chunk)
    return events
  }

  /** Types of the events, in order. */
  async eventTypes(instanceId: string): Promise<string[]> {
    return (await this.history(instanceId)).map((event) => event.type)
  }

  /** `condition` holds now; soon, where what is shown may lag. */
  async shows(what: string, condition: () => Promise<boolean>): Promise<void> {
    if (this.showsLate) await this.eventually(what, condition)
    else assert.ok(await condition(), what)
  }

  /** Waits, bounded, until `condition` holds. */
  async eventually(what: string, condition: () => Promise<boolean> | boolean, withinMs = 10_000): Promise<void> {
    const deadlineMs = systemClock.monotonicMs() + withinMs
    while (!(await condition())) {
      assert.ok(systemClock.monotonicMs() < deadlineMs, `did not happen within ${withinMs} ms: ${what}`)
      await sleep(systemClock, 5)
    }
  }

  /** All that were started so far. */
  async stopWorkers(): Promise<void> {
    await Promise.all(this.#groups.map((group) => group.stop({ deadline: '2s' })))
  }

  async close({ deletes }: { readonly deletes: boolean }): Promise<void> {
    await this.stopWorkers()
    if (deletes) await this.service.deleteHub()
    await this.service.close()
  }
}
