/** Hello-sequence-5: `count` orchestrations of five sequential activities, all started at once, until the result of the last one is read. */
import { rivalSides } from '../against/rivals.js'
import { whileRunning, type Framework } from '../framework.js'
import { durationOf, expectResult, type Side, type Workload } from '../measurement.js'
import { greetings } from '../ours/definitions.js'
import { openDtfx } from '../ours/dtfx.js'

export const helloSequence5: Workload = {
  name: 'hello-sequence-5',
  summary: 'five activities one after the other, all orchestrations at once',
  counts: 'orchestrations',
  defaultCount: 1_000,
  requestCount: 100,
  rivalCounts: { openworkflow: 200 },
  defaultRuns: 15,
  open: async ({ count, ...setup }) => helloSide(await openDtfx(setup), count),
  against: rivalSides(helloSide),
}

export function helloSide(framework: Framework, count: number): Side {
  return {
    run: () =>
      whileRunning(framework, async () => {
        const startedMs = performance.now()
        const orchestrations = await Promise.all(Array.from({ length: count }, () => framework.start('HelloSequence')))
        const outputs = await Promise.all(orchestrations.map((each) => each.result()))
        const durationMs = performance.now() - startedMs
        for (const output of outputs) expectResult(framework.name, output, greetings)
        for (const each of orchestrations) await each.purge()
        return [{ case: 'default', metric: 'orchestrations_per_second', value: (count / durationMs) * 1000, unit: 'orchestrations/s' }, durationOf('default', durationMs)]
      }),
    close: () => framework.close(),
  }
}
