/**
 * `pnpm mutants [--only <part of a name>] [--seeds 60] [--minutes <n>] [--record] [--json]`: puts one deliberate fault after the other into the product and asks the conformance suite and the simulation to find it.
 * The working tree is not touched: faults are put in while the product is bundled. Ends with 1 if a fault survives, 2 if one no longer applies or does not compile.
 */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { bundle, outdated, root } from './mutants/bundle.mjs'
import { mutants } from './mutants/catalogue.mjs'
import { describeCaught, readFound, record } from './mutants/found.mjs'
import { runAttempt } from './mutants/run-attempt.mjs'

const disciplines = ['atomic', 'messages-first', 'state-first-outbox']
/** Half of the time of a test that fails is spent waiting. */
const atOnce = 2 * availableParallelism()
/** What is not found by then is not found. */
const limitMs = 120_000
const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    seeds: { type: 'string', default: '60' },
    minutes: { type: 'string', default: '60' },
    record: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})
const startedMs = performance.now()
const hints = readFound()

/** Without a hint, the one that is expected to find it looks first. */
async function search(mutant, files, withinMs) {
  await bundle(files.bundle, mutant)
  const plan = {
    ...files,
    hint: hints[mutant.name]?.caught,
    order: mutant.caughtBy === 'simulation' ? ['simulation', 'conformance'] : ['conformance', 'simulation'],
    commits: mutant.commit === undefined ? disciplines : [mutant.commit],
    seeds: Math.max(Number(options.seeds), mutant.seeds ?? 0),
    simulation: mutant.simulation,
  }
  return runAttempt(plan, withinMs)
}

async function attempt(mutant, files) {
  const beganMs = performance.now()
  const leftMs = startedMs + Number(options.minutes) * 60_000 - beganMs
  const found = leftMs > 0 ? await search(mutant, files, Math.min(limitMs, leftMs)) : undefined
  const result = { name: mutant.name, ...found, ms: Math.round(performance.now() - beganMs) }
  show(result)
  return result
}

function show({ name, caught, how, ms }) {
  if (options.json) return process.stdout.write(`${JSON.stringify({ mutant: name, caught, how, ms })}\n`)
  const verdict = caught === undefined ? 'SURVIVES' : describeCaught(caught)
  process.stdout.write(`${name.padEnd(68)} ${`${(ms / 1000).toFixed(1)} s`.padStart(7)}  ${verdict}\n`)
  if (caught !== undefined && options.only !== '') process.stdout.write(`    ${how}\n`)
}

/** What takes long is begun early; what is new may take long. */
async function searchAll(chosen, folder) {
  const expectedMs = ({ name }) => hints[name]?.ms ?? Number.MAX_SAFE_INTEGER
  const queue = chosen.toSorted((a, b) => expectedMs(b) - expectedMs(a))
  const clean = join(folder, 'clean.mjs')
  await bundle(clean)
  const results = []
  const slot = async () => {
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) results.push(await attempt(mutant, { clean, bundle: join(folder, `${queue.length}.mjs`) }))
  }
  await Promise.all(Array.from({ length: atOnce }, slot))
  return results
}

function typeCheck(chosen) {
  return new Promise((done) => {
    const child = spawn(process.execPath, [join(root, 'scripts', 'mutants', 'type-check.mjs'), JSON.stringify(chosen.map(({ name }) => name))], { stdio: ['ignore', 2, 2] })
    child.on('close', (code) => done(code === 0))
  })
}

async function campaign(folder) {
  const chosen = mutants.filter(({ name }) => name.includes(options.only))
  const problems = chosen.length === 0 ? [`no mutant is called '${options.only}'`] : await outdated(chosen)
  if (problems.length > 0) {
    process.stderr.write(problems.map((problem) => `mutants: ${problem}\n`).join(''))
    return 2
  }
  const [results, compiles] = await Promise.all([searchAll(chosen, folder), typeCheck(chosen)])
  if (options.record) record(mutants, results)
  const survivors = results.filter(({ caught }) => caught === undefined)
  if (!options.json) process.stdout.write(`${results.length} mutants, ${survivors.length} survive${survivors.map(({ name }) => `\n  ${name}`).join('')}\n`)
  if (!compiles) return 2
  return survivors.length > 0 ? 1 : 0
}

const folder = await mkdtemp(join(tmpdir(), 'dtfx-mutants-'))
try {
  process.exitCode = await campaign(folder)
} catch (error) {
  process.stderr.write(`mutants: ${error.stack}\n`)
  process.exitCode = 2
} finally {
  await rm(folder, { recursive: true, force: true })
}
