/** One process of a campaign (scripts/sim.mjs): runs its share of the seeds, a line of JSON for each. */
import { describeFailure, shrink, simulate } from '../packages/testing/dist/index.js'

const options = JSON.parse(process.argv[2])
const disciplines = options.commit === 'all' ? ['atomic', 'messages-first', 'state-first-outbox'] : [options.commit]

for (let seed = options.from + options.slice; seed < options.from + options.seeds; seed += options.step) {
  // Every seed runs under one discipline; over a campaign all get their share.
  const commit = disciplines[seed % disciplines.length]
  const run = { seed, commit, workers: options.workers, cache: !options['no-cache'], localActivities: !options['no-local'] }
  const report = await simulate(run)
  const { violations, faults, writes, activities, processes } = report
  process.stdout.write(`${JSON.stringify({ seed, violations: violations.length, faults, writes, activities, processes })}\n`)
  if (violations.length > 0) process.stdout.write(`${describeFailure(report, options.shrink ? await shrink(run, report) : undefined)}\n`)
}
process.exit(0)
