/**
 * One process that tries to catch a mutant: `node attempt.mjs '{"bundle", "clean", "hint", "order", "commits", "seeds", "simulation"}'`. First it asks who found it last time (`hint`), then everybody, in `order`.
 * Prints a line of JSON per step: `{"at"}` before a seed or when a test begins, `{"caught", "how"}` at the first failure. Ends with 0 if it came to its end, caught or not.
 */
import { pathToFileURL } from 'node:url'
import { tryConformance, tryTest } from './try-conformance.mjs'
import { tryRun, trySimulation } from './try-simulation.mjs'

const plan = JSON.parse(process.argv[2])
let at = {}

function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

function end(found) {
  if (found !== undefined) say(found)
  process.exit(0)
}

function crashed(error) {
  end({ caught: at, how: `it crashes: ${String(error?.message ?? error).slice(0, 160)}` })
}

process.on('uncaughtException', crashed)
process.on('unhandledRejection', crashed)

const [faulty, clean] = await Promise.all([plan.bundle, plan.clean].map((path) => import(pathToFileURL(path).href)))
const context = {
  ...plan,
  faulty,
  clean,
  /** Every line is a sign of life, too. */
  begin: (where) => say({ at: (at = where) }),
}
const asked = { conformance: tryConformance, simulation: trySimulation }
if (plan.hint?.run !== undefined) end(await tryRun(context, plan.hint.run) ?? await all())
if (plan.hint?.test !== undefined) end(await tryTest(context, plan.hint) ?? await all())
end(await all())

async function all() {
  for (const by of plan.order) {
    const found = await asked[by](context)
    if (found !== undefined) return found
  }
  return undefined
}
