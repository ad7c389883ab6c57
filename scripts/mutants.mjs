/**
 * `pnpm mutants [--only <part of a name>] [--seeds 60] [--json]`: puts one deliberate fault after the other into the product and asks the conformance suite and the simulation to find it.
 * The working tree is not touched: faults are put in while the product is bundled. First the product as it is must pass. Ends with 1 if a fault survives, 2 if one no longer applies.
 */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { bundle, outdated, root } from './mutants/bundle.mjs'
import { mutants } from './mutants/catalogue.mjs'

const disciplines = ['atomic', 'messages-first', 'state-first-outbox']
const atOnce = 2
/** A seed, or the suite under one discipline, that has not ended by then hangs. */
const stillMs = { simulation: 20_000, conformance: 60_000 }
const { values: options } = parseArgs({ options: { only: { type: 'string' }, seeds: { type: 'string', default: '60' }, json: { type: 'boolean', default: false } } })
const seeds = Number(options.seeds)

/** One process that looks for the fault. Resolves with how it was caught, or undefined. */
function attempt(plan) {
  return new Promise((done) => {
    const child = spawn(process.execPath, [join(root, 'scripts', 'mutants', 'attempt.mjs'), JSON.stringify(plan)], { stdio: ['ignore', 'pipe', 'ignore'] })
    let caught
    let at = 'load'
    let watchdog
    const watch = () => {
      clearTimeout(watchdog)
      watchdog = setTimeout(() => {
        caught = { by: plan.by, at, how: 'it hangs' }
        child.kill('SIGKILL')
      }, stillMs[plan.by])
    }
    watch()
    createInterface({ input: child.stdout }).on('line', (line) => {
      watch()
      const report = JSON.parse(line)
      if (report.at !== undefined) at = report.at
      else caught = { by: plan.by, at: report.caught === 'crash' ? at : report.caught, how: report.how }
    })
    child.on('close', (code) => {
      clearTimeout(watchdog)
      done(caught ?? (code === 0 ? undefined : { by: plan.by, at, how: `the process ended with ${code}` }))
    })
  })
}

/** The product without any fault: both look, side by side, and neither may find anything. */
async function proveClean(folder) {
  const bundled = join(folder, 'clean.mjs')
  await bundle(bundled)
  const found = await Promise.all(['conformance', 'simulation'].map((by) => attempt({ bundle: bundled, by, commits: disciplines, seeds })))
  return found.find((caught) => caught !== undefined)
}

/** The one that is expected to find it looks first. */
async function search(file, mutant, folder) {
  const bundled = join(folder, `${file}.mjs`)
  await bundle(bundled, mutant)
  const commits = mutant.commit === undefined ? disciplines : [mutant.commit]
  const order = mutant.caughtBy === 'simulation' ? ['simulation', 'conformance'] : ['conformance', 'simulation']
  for (const by of order) {
    const caught = await attempt({ bundle: bundled, clean: join(folder, 'clean.mjs'), by, commits, seeds: Math.max(seeds, mutant.seeds ?? 0), simulation: mutant.simulation })
    if (caught !== undefined) return caught
  }
  return undefined
}

function show({ name, caught, ms }) {
  if (options.json) return process.stdout.write(`${JSON.stringify({ mutant: name, caughtBy: caught?.by, at: caught?.at, how: caught?.how, ms })}\n`)
  const verdict = caught === undefined ? 'SURVIVES' : `${caught.by}: ${caught.at}`
  process.stdout.write(`${name.padEnd(68)} ${`${(ms / 1000).toFixed(1)} s`.padStart(7)}  ${verdict}${caught === undefined ? '' : `\n    ${caught.how}`}\n`)
}

async function timed(name, work) {
  const startMs = performance.now()
  const caught = await work()
  return { name, caught, ms: Math.round(performance.now() - startMs) }
}

async function campaign(folder) {
  const chosen = mutants.filter(({ name }) => options.only === undefined || name.includes(options.only))
  const problems = chosen.length === 0 ? [`no mutant is called '${options.only}'`] : await outdated(chosen)
  if (problems.length > 0) {
    process.stderr.write(problems.map((problem) => `mutants: ${problem}\n`).join(''))
    return 2
  }
  const clean = await timed('(no fault)', () => proveClean(folder))
  if (clean.caught !== undefined) {
    process.stderr.write(`${clean.caught.by}: ${clean.caught.at}: ${clean.caught.how}\n`)
    process.stderr.write('mutants: the product does not pass without any fault\n')
    return 2
  }
  const queue = [...chosen.entries()]
  const survivors = []
  const slot = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [index, mutant] = next
      const result = await timed(mutant.name, () => search(`${index}`, mutant, folder))
      show(result)
      if (result.caught === undefined) survivors.push(mutant.name)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, slot))
  if (!options.json) process.stdout.write(`${chosen.length} mutants, ${survivors.length} survive${survivors.map((name) => `\n  ${name}`).join('')}\n`)
  return survivors.length > 0 ? 1 : 0
}

const folder = await mkdtemp(join(tmpdir(), 'dtfx-mutants-'))
try {
  process.exitCode = await campaign(folder)
} catch (error) {
  process.stderr.write(`mutants: ${error.message}\n`)
  process.exitCode = 2
} finally {
  await rm(folder, { recursive: true, force: true })
}
