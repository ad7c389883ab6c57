/**
 * `pnpm sim --seeds 1000 --from 0 [--commit atomic|messages-first|state-first-outbox|all] [--workers 3] [--no-cache] [--no-local] [--shrink]`: a campaign of simulations, one process per core.
 * Ends with 1 if a promise was broken; each failing seed prints the command that repeats it, with `--shrink` also the smallest run that still fails.
 */
import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { build, env, root } from './built-workspace.mjs'

const disciplines = ['atomic', 'messages-first', 'state-first-outbox']

function fail(problem) {
  process.stderr.write(`sim: ${problem}\n`)
  process.exit(2)
}

function wholeNumber(name, text) {
  const value = Number(text)
  return Number.isSafeInteger(value) && value >= 0 ? value : fail(`--${name} is '${text}'; give a whole number`)
}

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        seeds: { type: 'string', default: '300' },
        from: { type: 'string', default: '0' },
        commit: { type: 'string', default: 'all' },
        workers: { type: 'string', default: '3' },
        'no-cache': { type: 'boolean', default: false },
        'no-local': { type: 'boolean', default: false },
        shrink: { type: 'boolean', default: false },
      },
    })
    if (values.commit !== 'all' && !disciplines.includes(values.commit)) fail(`--commit is '${values.commit}'; give one of all, ${disciplines.join(', ')}`)
    return { ...values, seeds: wholeNumber('seeds', values.seeds), from: wholeNumber('from', values.from), workers: wholeNumber('workers', values.workers) }
  } catch (error) {
    return fail(error.message)
  }
}

/** One process: every n-th seed. Its lines are JSON, one per seed, or text for people. */
function runSlice(options, slice, onLine) {
  return new Promise((done) => {
    const child = spawn('node', ['--enable-source-maps', join(root, 'scripts', 'sim-slice.mjs'), JSON.stringify({ ...options, ...slice })], { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] })
    let rest = ''
    child.stdout.setEncoding('utf8').on('data', (text) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop()
      lines.forEach(onLine)
    })
    child.on('close', (code) => done(code ?? 1))
  })
}

const options = readArguments()
build('@dtfx/testing')

const totals = { runs: 0, failed: 0, writes: 0, activities: 0, processes: 0, faults: {} }
const startedMs = performance.now()
function onLine(line) {
  if (!line.startsWith('{')) return process.stdout.write(`${line}\n`)
  const run = JSON.parse(line)
  totals.runs++
  if (run.violations > 0) totals.failed++
  for (const key of ['writes', 'activities', 'processes']) totals[key] += run[key]
  for (const [kind, count] of Object.entries(run.faults)) totals.faults[kind] = (totals.faults[kind] ?? 0) + count
  if (totals.runs % 1000 === 0) process.stdout.write(`${totals.runs} runs, ${totals.failed} failed, ${((performance.now() - startedMs) / 1000).toFixed(0)} s\n`)
}

const step = Math.max(1, Math.min(availableParallelism(), options.seeds))
const codes = await Promise.all(Array.from({ length: step }, (_, slice) => runSlice(options, { slice, step }, onLine)))
const faults = Object.entries(totals.faults).map(([kind, count]) => `${kind} ${count}`)
process.stdout.write(`${totals.writes} writes, ${totals.activities} activities, ${totals.processes} processes\nfaults: ${faults.join(', ')}\n`)
process.stdout.write(`${totals.runs} runs, ${totals.failed} failed, ${((performance.now() - startedMs) / 1000).toFixed(0)} s\n`)
const crashed = codes.some((code) => code !== 0)
if (crashed) process.stderr.write('sim: a process ended before its seeds did\n')
process.exitCode = totals.failed > 0 || crashed ? 1 : 0
