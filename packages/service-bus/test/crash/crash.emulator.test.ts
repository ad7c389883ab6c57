/**
 * Worker processes on one hub that are killed, started again and suspended for longer than their locks, at random times from a seed, while orchestrations of all kinds run. Then every result is matched to the run of the activity
 * that gave it. `DTFX_CRASH=<orchestrations>` runs more of them; `DTFX_SEED` repeats the times of a run.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TaskHubClient } from '@dtfx/core'
import { seededRandom, sleep, systemClock } from '@dtfx/core/provider'
import { replayHistory } from '@dtfx/testing'
import { afterAll, beforeAll, expect } from 'vitest'
import { crashProgram, kinds, problemsOfOutput, tickEvent, ticks, type Kind } from '../../../azure-storage/test/crash/crash-program.js'
import type { ActivityRun } from '../../../azure-storage/test/faults/scenario.js'
import { newHubName, onlyEmulated, useBed } from '../bed.js'
import { buildWorker, WorkerSeat } from './worker-seat.js'

const bed = useBed()
const seed = Number(process.env['DTFX_SEED'] ?? Date.now() % 1_000_000)
const orchestrations = Number(process.env['DTFX_CRASH'] ?? 72)
const chaosMs = Math.max(16_000, orchestrations * 200)
const lockMs = 8_000
const times = { lockDuration: lockMs, requestTimeout: '4s', acceptTimeout: '5s', jumpStartInterval: '5s' } as const

let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dtfx-crash-'))
  await buildWorker(join(folder, 'worker.mjs'))
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function startAll(client: TaskHubClient): Promise<ReadonlyMap<string, Kind>> {
  const names = Object.keys(kinds) as Kind[]
  const started = new Map<string, Kind>()
  const raising: Promise<void>[] = []
  for (let index = 0; index < orchestrations; index++) {
    const kind = names[index % names.length] as Kind
    const instanceId = `${kind}-${index}`
    started.set(instanceId, kind)
    const handle = await client.start(kind, kind === 'Generations' ? { generation: 0, results: [] } : undefined, { instanceId })
    const raiseAll = async (): Promise<void> => {
      for (let tick = 0; tick < ticks; tick++) await handle.raiseEvent(tickEvent, tick)
    }
    if (kind === 'Count') raising.push(raiseAll())
    if (index % 8 === 7) await sleep(systemClock, (chaosMs * 0.7 * 8) / orchestrations)
  }
  await Promise.all(raising)
  return started
}

async function eventually(holds: () => Promise<boolean> | boolean, withinMs: number): Promise<boolean> {
  const endMs = systemClock.monotonicMs() + withinMs
  while (systemClock.monotonicMs() < endMs) {
    if (await holds()) return true
    await sleep(systemClock, 300)
  }
  return false
}

onlyEmulated('nothing is lost, doubled or swapped while workers die', { timeout: 3 * chaosMs + 300_000 }, async () => {
  const random = seededRandom(seed)
  const taskHub = newHubName()
  const logPath = join(folder, 'runs.log')
  const service = bed.open({ taskHub, ...times })
  await service.createHub()
  const client = new TaskHubClient(service)
  const options = { ...times, taskHub, connectionString: bed.busConnectionString, storageConnectionString: bed.storageConnectionString }
  const seats = [true, true, false].map((cache) => new WorkerSeat({ program: join(folder, 'worker.mjs'), args: { service: { ...options, localActivities: cache }, logPath, cache }, random: seededRandom(random.next() * 2 ** 32), pauseMs: lockMs + 1_500 }))
  const problems: string[] = []
  try {
    const endMs = systemClock.monotonicMs() + chaosMs
    const [started] = await Promise.all([startAll(client), ...seats.map((seat) => seat.chaos(endMs))])
    const openIds = async (): Promise<string[]> => {
      const over = new Set<string>()
      for await (const { instanceId } of client.query({ status: ['Completed', 'Failed', 'Terminated'] })) over.add(instanceId)
      return [...started.keys()].filter((id) => !over.has(id))
    }
    if (!(await eventually(async () => (await openIds()).length === 0, 180_000))) problems.push(`not over: ${(await openIds()).join()}`)
    const isEmpty = (): boolean => ['orchestrator', 'worker', 'tracking'].every((role) => {
      const { active, locked, deadLettered, sessions } = bed.bus.counts(`${taskHub}/${role}`)
      return active + locked + deadLettered + sessions === 0
    })
    if (!(await eventually(isEmpty, 60_000))) problems.push(`left in the queues: ${['orchestrator', 'worker', 'tracking'].map((role) => JSON.stringify(bed.bus.counts(`${taskHub}/${role}`))).join()}`)
    await Promise.all(seats.map((seat) => seat.end()))
    const runs = new Map(readFileSync(logPath, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line) as ActivityRun).map((run) => [run.nonce, run]))
    const used = new Set<string>()
    for (const [instanceId, kind] of started) {
      const state = await client.state(instanceId)
      if (state?.status !== 'Completed') problems.push(`${instanceId} is ${state?.status}: ${JSON.stringify(state?.failure ?? state?.output)}`)
      problems.push(...problemsOfOutput(kind, instanceId, state?.output, { runs, used }))
      const { status } = await replayHistory(crashProgram(() => {}).orchestrations, (await client.get(instanceId).history()).events)
      if (status !== 'Completed') problems.push(`${instanceId}: replay ends ${status}`)
    }
    process.stdout.write(`seed ${seed}: ${orchestrations} orchestrations, ${runs.size} runs of activities, ${runs.size - used.size} unused, ${seats.reduce((sum, { kills }) => sum + kills, 0)} kills, ${seats.reduce((sum, { pauses }) => sum + pauses, 0)} pauses\n`)
    problems.push(...seats.flatMap((seat) => seat.problems))
    expect(problems.slice(0, 20), `seed ${seed}`).toEqual([])
  } finally {
    await Promise.all(seats.map((seat) => seat.end()))
  }
})
