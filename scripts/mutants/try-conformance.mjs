/** The conformance suite looks for a mutant. A failure counts only if the test fails alone, too, and passes without the fault. */

/** Tests wait a lot: side by side they take little longer than the longest. */
const testsAtOnce = 8
/** One that failed within this time is asked again alone: on a busy machine short timers come late, side by side. */
const hastyMs = 5_000
const variants = ['plain', 'local activities off', 'cache off', 'with middleware']

function collectTests({ conformance, createOrchestrationService }, commit) {
  const tests = []
  const names = []
  const describe = (name, body) => {
    names.push(name)
    body()
    names.pop()
  }
  const test = (name, body, timeoutMs) => {
    const where = { by: 'conformance', commit, variant: names[0].replace(`${commit}, `, ''), test: [...names.slice(1), name].join(' › ') }
    tests.push({ where, body, timeoutMs })
  }
  const open = (_host, { localActivities } = { localActivities: true }) => createOrchestrationService({ commit, localActivities })
  conformance({ describe, test, name: commit, open, capabilities: open().capabilities, variants })
  return tests
}

/** What is wrong, or undefined. */
async function problemOf({ body, timeoutMs }) {
  let timer
  const late = new Promise((done) => {
    timer = setTimeout(() => done(`not over after ${timeoutMs} ms`), timeoutMs)
  })
  const problem = await Promise.race([late, body().then(() => undefined, (error) => String(error?.message ?? error))])
  clearTimeout(timer)
  return problem?.split('\n').filter(Boolean).join(' ').slice(0, 160)
}

function testAt(product, { commit, variant, test }) {
  return collectTests(product, commit).find(({ where }) => where.test === test && where.variant === variant)
}

async function confirmed({ clean }, where, how) {
  return (await problemOf(testAt(clean, where))) === undefined ? { caught: where, how } : undefined
}

/** The test that `where` names, on its own; undefined if it passes, if it fails without the fault as well, or if there is none. */
export async function tryTest(context, where) {
  const test = testAt(context.faulty, where)
  if (test === undefined) return undefined
  context.begin(test.where)
  const how = await problemOf(test)
  return how === undefined ? undefined : confirmed(context, test.where, how)
}

/** All tests of one discipline, until one fails. */
async function suspects(context, tests) {
  const failed = []
  const slot = async () => {
    for (let test = tests.shift(); test !== undefined && failed.length === 0; test = tests.shift()) {
      context.begin(test.where)
      const startMs = performance.now()
      const how = await problemOf(test)
      if (how !== undefined) failed.push({ where: test.where, how, isHasty: performance.now() - startMs < hastyMs })
    }
  }
  await Promise.all(Array.from({ length: testsAtOnce }, slot))
  return failed
}

export async function tryConformance(context) {
  for (const commit of context.commits) {
    const tests = collectTests(context.faulty, commit)
    while (tests.length > 0) {
      for (const { where, how, isHasty } of await suspects(context, tests)) {
        const found = isHasty ? await tryTest(context, where) : await confirmed(context, where, how)
        if (found !== undefined) return found
      }
    }
  }
  return undefined
}
