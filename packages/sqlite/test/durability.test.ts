/**
 * What a power failure may leave of the log: everything up to the last wait for the disk, and any part of what was written after it. Copies of the log are cut at every frame, and inside frames: what was
 * acknowledged is there, and nothing is half there.
 */
import { copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { OutboundMessage, WorkerPort } from '@dtfx/core/provider'
import type { SqliteService } from '@dtfx/sqlite'
import { expect, test } from 'vitest'
import { deleteHubsAfterwards, newFile, openHub } from './new-hub.js'

deleteHubsAfterwards()

const frameBytes = 4096 + 24
const headerBytes = 32
const timestamp = '2030-01-01T00:00:00Z'

function startOf(instanceId: string): OutboundMessage {
  const instance = { instanceId, executionId: `${instanceId}-execution` }
  return { id: `${instanceId}-start`, target: { kind: 'instance', instanceId }, message: { instance, event: { type: 'ExecutionStarted', eventId: -1, timestamp, instance, name: 'Any', input: JSON.stringify('i'.repeat(5_000)) } } }
}

/** One operation of a client and one of a worker, each acknowledged. */
async function operate(service: SqliteService, port: WorkerPort, instanceId: string): Promise<void> {
  await service.client.create({ start: startOf(instanceId), reuse: 'error' })
  const item = await port.nextOrchestration(new AbortController().signal)
  const snapshot = await item.load()
  if (snapshot === 'unchanged' || snapshot.state === undefined) throw new Error('not loaded')
  await item.complete({
    executionId: snapshot.state.executionId,
    base: snapshot.version,
    checkpointId: `${instanceId}-checkpoint`,
    settlements: item.messages.map(({ receipt }) => ({ receipt, outcome: 'consumed' })),
    history: { kind: 'append', events: item.messages.map(({ message }) => message.event) },
    outbound: [{ id: `${instanceId}-activity`, target: { kind: 'activity' }, message: { instance: { instanceId }, event: { type: 'TaskScheduled', eventId: 0, timestamp, name: 'Work', input: '1' } } }],
    state: { ...snapshot.state, status: 'Running' },
  })
}

/** Ids of the instances in a copy, each with all that belongs to it. @throws when something is half there */
function wholeInstances(path: string): string[] {
  const database = new DatabaseSync(path)
  try {
    expect(database.prepare('PRAGMA integrity_check').get()?.['integrity_check']).toBe('ok')
    const rows = database.prepare(`SELECT id, status, begun, (SELECT count(*) FROM descriptions WHERE instance = key) AS described, (SELECT count(*) FROM messages WHERE instance = key) AS waiting,
      (SELECT count(*) FROM history WHERE instance = key) AS turns, (SELECT count(*) FROM activities WHERE sender = instances.id) AS activities FROM instances ORDER BY key`).all()
    for (const { status, begun, described, waiting, turns, activities } of rows) {
      expect({ described, waiting, turns, activities }).toEqual(status === 'Running' ? { described: 1, waiting: 0, turns: 1, activities: 1 } : { described: 1, waiting: 1, turns: 0, activities: 0 })
      expect(begun).toBe(status === 'Running' ? 1 : 0)
    }
    return rows.map(({ id, status }) => `${String(id)} ${String(status)}`)
  } finally {
    database.close()
  }
}

test('the log may be cut anywhere after what was acknowledged', { timeout: 120_000 }, async () => {
  const service = openHub()
  await service.createHub()
  const port = await service.startWorker({ workerId: 'w', concurrency: { orchestrations: 1, activities: 1 } })
  const synced = [statSync(`${service.path}-wal`).size]
  const count = 8
  for (let index = 0; index < count; index++) {
    await operate(service, port, `i${index}`)
    synced.push(statSync(`${service.path}-wal`).size)
  }
  const all = Array.from({ length: count }, (_, index) => `i${index} Running`)
  const [log, base] = [readFileSync(`${service.path}-wal`), newFile()]
  copyFileSync(service.path, base)
  await service.close()
  let cuts = 0
  for (const [index, from] of synced.entries()) {
    const until = synced[index + 1] ?? from
    for (let at = from; at <= until; at += frameBytes) {
      expect((at - headerBytes) % frameBytes).toBe(0)
      for (const cut of [at, at + 24, at + frameBytes - 1]) {
        cuts++
        const copy = newFile()
        copyFileSync(base, copy)
        writeFileSync(`${copy}-wal`, log.subarray(0, Math.min(cut, until)))
        const found = wholeInstances(copy)
        expect(found.slice(0, index)).toEqual(all.slice(0, index))
        expect(found.length).toBeLessThanOrEqual(index + 1)
      }
    }
  }
  expect(cuts).toBeGreaterThan(100)
})
