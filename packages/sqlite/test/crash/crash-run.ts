/**
 * Worker processes on one file, of which a random one is killed at short intervals and started again, while orchestrations of all kinds run. The checker then matches every result to the run of the activity
 * that gave it, replays every history, and looks for what is left over in the file.
 */
import { TaskHubClient } from '@dtfx/core'
import { seededRandom, sleep, systemClock, type Random } from '@dtfx/core/provider'
import { createOrchestrationService, type SqliteOptions, type SqliteService } from '@dtfx/sqlite'
import { replayHistory } from '@dtfx/testing'
import { DatabaseSync } from 'node:sqlite'
import { crashProgram, kinds, problemsOfOutput, tickEvent, ticks, type Kind } from './crash-program.js'
import { readRuns, WorkerProcess, type WorkerBundle } from './worker-process.js'

export interface CrashPlan {
  readonly seed: number
  readonly orchestrations: number
  readonly workers: number
  readonly killEveryMs: number
  /** Kills end by then: on a machine that has no time for the work between them, they would go on for ever. */
  readonly killForMs: number
  /** All has to be over by then. */
  readonly settleMs: number
}

export interface CrashReport {
  readonly problems: readonly string[]
  readonly kills: number
  /** Runs of activities, and how many of them gave a result that nobody has: those that a crash cut off from their commit. */
  readonly runs: number
  readonly unused: number
  readonly tookMs: number
}

export async function crashRun(bundle: WorkerBundle, plan: CrashPlan): Promise<CrashReport> {
  const beganMs = systemClock.monotonicMs()
  const random = seededRandom(plan.seed)
  const options: SqliteOptions = { file: bundle.path(`crash-${plan.seed}.db`) }
  const logPath = bundle.path(`crash-${plan.seed}.log`)
  const service = createOrchestrationService(options)
  await service.createHub()
  const problems: string[] = []
  const start = (): WorkerProcess => new WorkerProcess(bundle, { service: options, logPath })
  const workers = Array.from({ length: plan.workers }, start)
  let kills = 0
  let over = false
  const chaos = async (): Promise<void> => {
    while (!over && systemClock.monotonicMs() - beganMs < plan.killForMs) {
      await sleep(systemClock, plan.killEveryMs)
      const victims = workers.filter((worker) => worker.hasLived)
      const victim = victims[Math.floor(random.next() * victims.length)]
      if (victim === undefined) continue
      if (!victim.isAlive) problems.push(`a worker ended by itself: ${victim.errors}`)
      await victim.kill()
      kills++
      workers[workers.indexOf(victim)] = start()
    }
  }
  try {
    const [started] = await Promise.all([startAll(service, plan, seededRandom(plan.seed + 1)).then(async (all) => {
      const open = await openAfter(service, all, plan.settleMs)
      over = true
      if (open.length > 0) problems.push(`${open.length} are not over: ${open.slice(0, 10).join()}`)
      return all
    }), chaos()])
    await drained(service)
    await Promise.all(workers.map((worker) => worker.kill()))
    const runs = readRuns(logPath)
    const used = new Set<string>()
    problems.push(...(await problemsOfAll(service, started, { runs: new Map(runs.map((run) => [run.nonce, run])), used })), ...leftovers(service.path))
    return { problems, kills, runs: runs.length, unused: runs.length - used.size, tookMs: Math.round(systemClock.monotonicMs() - beganMs) }
  } finally {
    over = true
    await Promise.all(workers.map((worker) => worker.kill()))
    await service.close()
  }
}

/** With the events of those that count them. Gives the kind of each id. */
async function startAll(service: SqliteService, plan: CrashPlan, random: Random): Promise<ReadonlyMap<string, Kind>> {
  const client = new TaskHubClient(service)
  const names = Object.keys(kinds) as Kind[]
  const started = new Map<string, Kind>()
  const raising: Promise<void>[] = []
  for (let index = 0; index < plan.orchestrations; index++) {
    const kind = names[index % names.length] as Kind
    const instanceId = `${kind}-${index}`
    started.set(instanceId, kind)
    await client.start(kind, kind === 'Generations' ? { generation: 0, results: [] } : undefined, { instanceId })
    if (kind === 'Count') raising.push(raiseAll(client, instanceId, random.next() * 100))
  }
  await Promise.all(raising)
  return started
}

async function raiseAll(client: TaskHubClient, instanceId: string, everyMs: number): Promise<void> {
  for (let tick = 0; tick < ticks; tick++) {
    await client.get('Count', instanceId).raiseEvent(tickEvent, tick)
    await sleep(systemClock, everyMs)
  }
}

/** Ids that are not over after `withinMs`. */
async function openAfter(service: SqliteService, started: ReadonlyMap<string, Kind>, withinMs: number): Promise<string[]> {
  const client = new TaskHubClient(service)
  const endMs = systemClock.monotonicMs() + withinMs
  for (;;) {
    const over = new Set<string>()
    for await (const { instanceId } of client.query({ status: ['Completed', 'Failed', 'Terminated'] })) over.add(instanceId)
    const open = [...started.keys()].filter((id) => !over.has(id))
    if (open.length === 0 || systemClock.monotonicMs() > endMs) return open
    await sleep(systemClock, 100)
  }
}

/** Late messages are taken; bounded. */
async function drained(service: SqliteService): Promise<void> {
  const endMs = systemClock.monotonicMs() + 20_000
  while (systemClock.monotonicMs() < endMs) {
    const { orchestrationBacklog, activityBacklog } = await service.scale.metrics()
    if (orchestrationBacklog + activityBacklog === 0) return
    await sleep(systemClock, 50)
  }
}

async function problemsOfAll(service: SqliteService, started: ReadonlyMap<string, Kind>, log: Parameters<typeof problemsOfOutput>[3]): Promise<string[]> {
  const client = new TaskHubClient(service)
  const program = crashProgram(() => {})
  const problems: string[] = []
  for (const [instanceId, kind] of started) {
    const state = await client.state(instanceId)
    if (state?.status !== 'Completed') problems.push(`${instanceId} is ${state?.status}: ${JSON.stringify(state?.failure ?? state?.output)}`)
    problems.push(...problemsOfOutput(kind, instanceId, state?.output, log))
    const definition = program.orchestrations.find(({ name }) => name === kind)
    if (definition === undefined) continue
    try {
      await replayHistory(definition, JSON.parse(JSON.stringify(await client.history(instanceId))))
    } catch (error) {
      problems.push(`${instanceId}: its history does not replay: ${(error as Error).message}`)
    }
  }
  return problems
}

/** What should not be in the file any more, and what SQLite itself finds. */
function leftovers(path: string): string[] {
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    const count = (table: string): number => Number(database.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.['count'])
    const left = ['messages', 'activities', 'delayed', 'quarantine'].filter((table) => count(table) > 0).map((table) => `${count(table)} rows are left in ${table}`)
    const check = String(database.prepare('PRAGMA integrity_check').get()?.['integrity_check'])
    return check === 'ok' ? left : [...left, `integrity check: ${check}`]
  } finally {
    database.close()
  }
}
