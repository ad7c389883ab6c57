/**
 * One process that tries to catch a mutant, by simulation or by the conformance suite: `node attempt.mjs '{"bundle", "clean", "by", "commits", "seeds", "simulation"}'`.
 * Prints a line of JSON per step: `{"at"}` before a seed or when a test begins, `{"caught"}` at the first failure. Ends with 0 if it came to its end, caught or not.
 */
import { pathToFileURL } from 'node:url'

const { bundle, clean, by, commits, seeds, simulation } = JSON.parse(process.argv[2])
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`)
/** Tests wait a lot: side by side they take little longer than the longest. */
const testsAtOnce = 8
/** A test that failed within this time is asked again alone: on a busy machine short timers come late, side by side. */
const hastyMs = 5_000

function firstLine(error) {
  return String(error?.message ?? error).split('\n').filter(Boolean).join(' ').slice(0, 160)
}

/** What the product itself does not survive (so many faults that a client gives up, say) says nothing about a mutant: the same run without the fault has to pass. */
async function isOwn(run) {
  const { simulate } = await import(pathToFileURL(clean ?? bundle).href)
  return clean === undefined || (await simulate(run)).violations.length === 0
}

async function trySimulation({ simulate }) {
  for (let seed = 0; seed < seeds; seed++) {
    for (const commit of commits) {
      // Half of the seeds run without local activities, whose absence shows other faults.
      const run = { seed, commit, localActivities: seed % 2 === 0, ...simulation }
      const name = `seed ${seed}, ${commit}${run.localActivities ? '' : ', no local activities'}${run.faults === undefined ? '' : ', more faults'}`
      say({ at: name })
      const { violations } = await simulate(run)
      if (violations.length > 0 && (await isOwn(run))) return say({ caught: name, how: firstLine(violations[0]) })
    }
  }
}

function collectTests({ conformance, createOrchestrationService }, commit) {
  const tests = []
  const names = []
  const describe = (name, body) => {
    names.push(name)
    body()
    names.pop()
  }
  const test = (name, body, timeoutMs) => tests.push({ name: [...names.slice(1), name].join(' › '), variant: names[0], body, timeoutMs })
  const open = (_host, { localActivities } = { localActivities: true }) => createOrchestrationService({ commit, localActivities })
  conformance({ describe, test, name: commit, open, capabilities: open().capabilities, variants: ['plain', 'local activities off', 'cache off', 'with middleware'] })
  return tests
}

/** What is wrong, or undefined. */
async function problemOf({ body, timeoutMs }) {
  let timer
  const late = new Promise((done) => {
    timer = setTimeout(() => done(`not over after ${timeoutMs} ms`), timeoutMs)
  })
  const problem = await Promise.race([late, body().then(() => undefined, (error) => firstLine(error))])
  clearTimeout(timer)
  return problem
}

async function tryTest(test, doubtful) {
  const startMs = performance.now()
  const how = await problemOf(test)
  if (how === undefined) return
  if (performance.now() - startMs < hastyMs) doubtful.push(test)
  else end({ caught: `${test.name} (${test.variant})`, how })
}

async function tryConformance(product) {
  for (const commit of commits) {
    const tests = collectTests(product, commit)
    const doubtful = []
    const slot = async () => {
      for (let test = tests.shift(); test !== undefined && doubtful.length === 0; test = tests.shift()) await tryTest(test, doubtful)
    }
    while (tests.length > 0) {
      say({ at: `conformance, ${commit}` })
      await Promise.all(Array.from({ length: testsAtOnce }, slot))
      for (const test of doubtful.splice(0)) {
        const how = await problemOf(test)
        if (how !== undefined) end({ caught: `${test.name} (${test.variant})`, how })
      }
    }
  }
}

function end(line) {
  say(line)
  process.exit(0)
}

process.on('uncaughtException', (error) => end({ caught: 'crash', how: firstLine(error) }))
process.on('unhandledRejection', (error) => end({ caught: 'crash', how: firstLine(error) }))
const product = await import(pathToFileURL(bundle).href)
await (by === 'simulation' ? trySimulation(product) : tryConformance(product))
process.exit(0)
