/**
 * openworkflow on SQLite: worker and client in this process, a file of its own where temporary files go.
 * In its favour: its client looks for a result once a second, so here a result is read at the moment the worker has stored it; and the finished runs are deleted between the runs of the measurement.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OpenWorkflow } from 'openworkflow'
import { BackendSqlite } from 'openworkflow/sqlite'
import type { Framework, OrchestrationName } from '../../framework.js'
import { defineWorkflows } from './workflows.js'

/** Of 1, 5, 10, 20, 50, 100 and 1 000 the one with which it is fastest; its default is 1. */
const concurrency = 20
/** FULL: each commit waits for the disk, as ours does with `durability: full`. */
const synchronousFull = 2

export async function openOpenworkflow(): Promise<Framework> {
  const folder = mkdtempSync(join(tmpdir(), 'dtfx-bench-openworkflow-'))
  const backend = BackendSqlite.connect(join(folder, 'bench.db'))
  const database = databaseOf(backend)
  requireDurability(database)
  const ended = watchEnds(backend)
  const client = new OpenWorkflow({ backend })
  const workflows = defineWorkflows(client)
  let worker = client.newWorker({ concurrency })
  return {
    name: 'openworkflow',
    resume: async () => {
      worker = client.newWorker({ concurrency })
      await worker.start()
    },
    pause: async () => {
      await worker.stop()
      database.exec('DELETE FROM step_attempts; DELETE FROM workflow_runs')
    },
    start: async (orchestration: OrchestrationName, input = 0) => {
      const handle = await workflows[orchestration].run(input)
      const { id } = handle.workflowRun
      return {
        result: async () => {
          await ended(id)
          return handle.result({ timeoutMs: 120_000 })
        },
        purge: async () => {},
      }
    },
    close: async () => {
      await worker.stop()
      await backend.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** It has no option for the durability and no way to delete runs, so both go through its own connection. */
function databaseOf(backend: BackendSqlite): DatabaseSync {
  return Reflect.get(backend, 'db') as DatabaseSync
}

function requireDurability(database: DatabaseSync): void {
  database.exec('PRAGMA synchronous = FULL')
  const { synchronous } = database.prepare('PRAGMA synchronous').get() as { synchronous: number }
  const { journal_mode: journal } = database.prepare('PRAGMA journal_mode').get() as { journal_mode: string }
  if (synchronous !== synchronousFull || journal !== 'wal') throw new Error(`openworkflow writes with journal ${journal}, synchronous ${synchronous}: not the durability of our side`)
}

/** Resolves when the run with that id is stored as completed or failed. */
function watchEnds(backend: BackendSqlite): (id: string) => Promise<void> {
  const waiting = new Map<string, () => void>()
  const over = new Set<string>()
  const end = (id: string): void => {
    over.add(id)
    waiting.get(id)?.()
  }
  const complete = backend.completeWorkflowRun.bind(backend)
  const fail = backend.failWorkflowRun.bind(backend)
  backend.completeWorkflowRun = async (parameters) => {
    const run = await complete(parameters)
    end(run.id)
    return run
  }
  backend.failWorkflowRun = async (parameters) => {
    const run = await fail(parameters)
    end(run.id)
    return run
  }
  return async (id) => {
    if (!over.has(id)) await new Promise<void>((resolve) => waiting.set(id, resolve))
    over.delete(id)
    waiting.delete(id)
  }
}
