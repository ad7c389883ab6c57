/**
 * Worker processes on one hub that are killed, started again and suspended for longer than their leases, at random times from a seed, while orchestrations of all kinds run. The checker then matches every
 * result to the run of the activity that gave it.
 */
import { TaskHubClient } from '@dtfx/core'
import { seededRandom, sleep, systemClock, type Random } from '@dtfx/core/provider'
import { createOrchestrationService, type AzureStorageOptions, type AzureStorageService } from '@dtfx/azure-storage'
import type { Azurite } from '../azurite.js'
import { leftovers, problemsOfHistory } from '../faults/judge-hub.js'
import { connect } from '../partitions/azurite-hub.js'
import { crashProgram, kinds, problemsOfOutput, tickEvent, ticks, type Kind } from './crash-program.js'
import { readRuns, WorkerProcess, type WorkerBundle } from './worker-process.js'
import type { WorkerArguments } from './worker-program.js'

export interface CrashPlan {
  readonly seed: number
  readonly orchestrations: number
  /** One of each process. */
  readonly workers: readonly WorkerArguments['mode'][]
  /** Processes die for so long; then they are left alone. */
  readonly chaosMs: number
  /** All has to be over by then, counted from the end of the chaos. */
  readonly settleMs: number
}

export interface CrashReport {
  readonly problems: readonly string[]
  readonly kills: number
  readonly pauses: number
  /** Runs of activities, and how many of them gave a result that nobody has. */
  readonly runs: number
  readonly unused: number
  readonly tookMs: number
}

const partitionCount = 4
const leaseMs = 9_000
const crashTimes: AzureStorageOptions = { partitionCount, maxPollingInterval: '500ms', controlQueueLock: '12s', workItemLock: '12s', requestTimeout: '6s', maxConcurrentRequests: 8, leaseInterval: leaseMs, leaseRenewInterval: '2s' }

let hubs = 0

/** One place for a worker: a process, and after its death the next one. */
class Seat {
  #process: WorkerProcess
  kills = 0
  pauses = 0

  constructor(
    readonly bundle: WorkerBundle,
    readonly args: WorkerArguments,
    readonly random: Random,
    readonly problems: string[],
  ) {
    this.#process = new WorkerProcess(bundle, args)
  }

  /** Until `endMs`; then its process runs. */
  async chaos(endMs: number): Promise<void> {
    const restMs = (): number => endMs - systemClock.monotonicMs()
    while (restMs() > 0) {
      await sleep(systemClock, Math.min(restMs(), 2_000 + this.random.next() * 6_000))
      if (!this.#process.isAlive) this.problems.push(`a worker ended by itself: ${this.#process.errors}`)
      if (this.random.next() < 0.25) {
        this.pauses++
        this.#process.stop()
        await sleep(systemClock, leaseMs + 500 + this.random.next() * 2_000)
        this.#process.goOn()
      } else {
        this.kills++
        await this.#process.kill()
        await sleep(systemClock, this.random.next() * 500)
        this.#process = new WorkerProcess(this.bundle, this.args)
      }
    }
  }

  end(): Promise<void> {
    return this.#process.kill()
  }
}

export async function crashRun(azurite: Azurite, bundle: WorkerBundle, plan: CrashPlan): Promise<CrashReport> {
  const beganMs = systemClock.monotonicMs()
  const random = seededRandom(plan.seed)
  const taskHub = `crash${process.pid}n${++hubs}`
  const logPath = bundle.logOf(taskHub)
  const service = createOrchestrationService({ ...crashTimes, connectionString: azurite.connectionString, taskHub })
  await service.createHub()
  const problems: string[] = []
  const options = { ...crashTimes, connectionString: azurite.connectionString, taskHub }
  const seats = plan.workers.map((mode) => new Seat(bundle, { program: 'crash', service: options, logPath, mode }, seededRandom(random.next() * 2 ** 32), problems))
  try {
    const chaosEndMs = systemClock.monotonicMs() + plan.chaosMs
    const [started] = await Promise.all([startAll(service, plan, random), ...seats.map((seat) => seat.chaos(chaosEndMs))])
    const open = await openAfter(service, started, plan.settleMs)
    if (open.length > 0) problems.push(`${open.length} are not over: ${open.slice(0, 10).join()}`)
    problems.push(...(await leftovers({ clients: connect(azurite.connectionString), taskHub }, partitionCount, 30_000)))
    await Promise.all(seats.map((seat) => seat.end()))
    const runs = readRuns(logPath)
    const used = new Set<string>()
    problems.push(...(await problemsOfAll(service, started, { runs: new Map(runs.map((run) => [run.nonce, run])), used })))
    const sum = (of: 'kills' | 'pauses'): number => seats.reduce((total, seat) => total + seat[of], 0)
    return { problems, kills: sum('kills'), pauses: sum('pauses'), runs: runs.length, unused: runs.length - used.size, tookMs: systemClock.monotonicMs() - beganMs }
  } finally {
    await Promise.all(seats.map((seat) => seat.end()))
    await service.close()
  }
}

/** Spread over the chaos, with the events of those that count them. Gives the kind of each id. */
async function startAll(service: AzureStorageService, plan: CrashPlan, random: Random): Promise<ReadonlyMap<string, Kind>> {
  const client = new TaskHubClient(service)
  const names = Object.keys(kinds) as Kind[]
  const started = new Map<string, Kind>()
  const forMs = plan.chaosMs * 0.7
  const atOnce = 8
  const raising: Promise<void>[] = []
  for (let index = 0; index < plan.orchestrations; index++) {
    const kind = names[index % names.length] as Kind
    const instanceId = `${kind}-${index}`
    started.set(instanceId, kind)
    await client.start(kind, kind === 'Generations' ? { generation: 0, results: [] } : undefined, { instanceId })
    if (kind === 'Count') raising.push(raiseAll(client, instanceId, random.next() * 300))
    if (index % atOnce === atOnce - 1) await sleep(systemClock, (forMs * atOnce) / plan.orchestrations)
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
async function openAfter(service: AzureStorageService, started: ReadonlyMap<string, Kind>, withinMs: number): Promise<string[]> {
  const client = new TaskHubClient(service)
  const endMs = systemClock.monotonicMs() + withinMs
  let open = [...started.keys()]
  for (;;) {
    const over = new Set<string>()
    for await (const { instanceId, status } of client.query({ status: ['Completed', 'Failed', 'Terminated'] })) if (status !== 'Running') over.add(instanceId)
    open = open.filter((id) => !over.has(id))
    if (open.length === 0 || systemClock.monotonicMs() > endMs) return open
    await sleep(systemClock, 500 + open.length * 5)
  }
}

async function problemsOfAll(service: AzureStorageService, started: ReadonlyMap<string, Kind>, log: Parameters<typeof problemsOfOutput>[3]): Promise<string[]> {
  const client = new TaskHubClient(service)
  const program = crashProgram(() => {})
  const problems: string[] = []
  for (const [instanceId, kind] of started) {
    const state = await client.state(instanceId)
    if (state?.status !== 'Completed') problems.push(`${instanceId} is ${state?.status}: ${JSON.stringify(state?.failure ?? state?.output)}`)
    problems.push(...problemsOfOutput(kind, instanceId, state?.output, log))
    problems.push(...(await problemsOfHistory(service, program, instanceId)).map((problem) => `${instanceId}: ${problem}`))
  }
  return problems
}
