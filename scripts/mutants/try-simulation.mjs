/** The simulation looks for a mutant. A seed counts only if the same run passes without the fault. */

/** A client whose patience has ended says nothing about the product: whether it does is drawn by the seed. */
const gaveUp = / failed: (AmbiguousCommitError|TransientError)/

async function violationsOf({ simulate }, run) {
  const { violations } = await simulate(run)
  return violations.filter((violation) => !gaveUp.test(violation))
}

/** One run; undefined if it shows nothing. */
export async function tryRun({ faulty, clean, begin }, run) {
  const where = { by: 'simulation', run }
  begin(where)
  const [violation] = await violationsOf(faulty, run)
  if (violation === undefined || (await violationsOf(clean, run)).length > 0) return undefined
  return { caught: where, how: violation.split('\n')[0].slice(0, 160) }
}

export async function trySimulation(context) {
  const { commits, seeds, simulation } = context
  for (let seed = 0; seed < seeds; seed++) {
    for (const commit of commits) {
      // Half of the seeds run without local activities, whose absence shows other faults.
      const found = await tryRun(context, { seed, commit, localActivities: seed % 2 === 0, ...simulation })
      if (found !== undefined) return found
    }
  }
  return undefined
}
