/**
 * `pnpm prove:fsync`: traces a process that works on a SQLite task hub, and shows that between the writes of each operation and its acknowledgement the disk was waited for: after the last write to the
 * log before an acknowledgement comes an fdatasync (or fsync) of the log. Skipped where strace is missing.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, env, root } from './built-workspace.mjs'

const operations = Number(process.argv[2] ?? 100)

if (spawnSync('strace', ['-V']).status !== 0) {
  process.stdout.write('skipped: strace is not installed\n')
  process.exit(0)
}
build('@dtfx/sqlite')

const program = `
import { writeSync } from 'node:fs'
import { createOrchestrationService } from ${JSON.stringify(pathToFileURL(join(root, 'packages/sqlite/dist/index.js')).href)}
const service = createOrchestrationService({ file: process.argv[2], durability: process.argv[3] })
await service.createHub()
const port = await service.startWorker({ workerId: 'w', concurrency: { orchestrations: 1, activities: 1 } })
const timestamp = '2030-01-01T00:00:00Z'
const acknowledge = (what) => writeSync(1, 'acknowledged ' + what + '\\n')
for (let i = 0; i < Number(process.argv[4]); i++) {
  const instance = { instanceId: 'i' + i, executionId: 'e' + i }
  await service.client.create({ reuse: 'error', start: { id: 'start' + i, target: { kind: 'instance', instanceId: instance.instanceId }, message: { instance, event: { type: 'ExecutionStarted', eventId: -1, timestamp, instance, name: 'Any' } } } })
  acknowledge('start ' + i)
  await service.client.send([{ id: 'event' + i, target: { kind: 'instance', instanceId: instance.instanceId }, message: { instance, event: { type: 'EventRaised', eventId: -1, timestamp, name: 'Any' } } }])
  acknowledge('event ' + i)
  const item = await port.nextOrchestration(new AbortController().signal)
  const { version, state } = await item.load()
  await item.complete({ executionId: 'e' + i, base: version, checkpointId: 'c' + i, settlements: item.messages.map(({ receipt }) => ({ receipt, outcome: 'consumed' })), history: { kind: 'append', events: item.messages.map(({ message }) => message.event) }, outbound: [], state: { ...state, status: 'Running' } })
  acknowledge('turn ' + i)
}
await service.close()
`

/** Runs the program under strace and looks at every acknowledgement. */
function trace(folder, durability) {
  const script = join(folder, 'program.mjs')
  const output = join(folder, `trace-${durability}.txt`)
  writeFileSync(script, program)
  const args = ['-f', '-y', '-s', '64', '-e', 'trace=write,pwrite64,fsync,fdatasync', '-o', output, 'node', script, join(folder, `${durability}.db`), durability, String(operations)]
  const run = spawnSync('strace', args, { env, encoding: 'utf8' })
  if (run.status !== 0) throw new Error(`strace ended with ${run.status}: ${run.stderr}`)
  return judge(readFileSync(output, 'utf8').split('\n'))
}

function judge(lines) {
  const found = { acknowledged: 0, proven: 0, unproven: [], writes: 0, waits: 0 }
  let isDirty = false
  for (const line of lines) {
    const isLog = /<[^>]*\.db-wal>/.test(line)
    if (isLog && /\b(pwrite64|write)\(/.test(line)) {
      found.writes++
      isDirty = true
    } else if (isLog && /\b(fdatasync|fsync)\(.*= 0/.test(line)) {
      found.waits++
      isDirty = false
    }
    const what = /write\(1<.*"acknowledged ([a-z]+ \d+)/.exec(line)?.[1]
    if (what === undefined) continue
    found.acknowledged++
    if (isDirty) found.unproven.push(what)
    else found.proven++
  }
  return found
}

const folder = mkdtempSync(join(tmpdir(), 'dtfx-fsync-'))
try {
  const full = trace(folder, 'full')
  process.stdout.write(`durability full: ${full.acknowledged} acknowledgements, ${full.proven} with a wait for the disk after the last write to the log (${full.writes} writes, ${full.waits} waits)\n`)
  // The proof must be able to fail: without waiting for the disk, it does.
  const normal = trace(folder, 'normal')
  process.stdout.write(`durability normal: ${normal.acknowledged} acknowledgements, ${normal.proven} with a wait (${normal.writes} writes, ${normal.waits} waits)\n`)
  const wanted = 3 * operations
  const ok = full.acknowledged === wanted && full.proven === wanted && normal.acknowledged === wanted && normal.proven < wanted
  if (!ok) process.stdout.write(`NOT proven: ${full.unproven.slice(0, 10).join(', ')}\n`)
  process.exitCode = ok ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
