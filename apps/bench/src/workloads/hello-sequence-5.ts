/** Hello-sequence-5: `count` orchestrations of five sequential activities, all started at once; until the last one has completed. */
import { openHello } from '../against/durabletask-js/hello.js'
import { expectResult, type Workload } from '../measurement.js'
import { greetings, hello, helloSequence } from '../ours/definitions.js'
import { openSession } from '../ours/session.js'

export const helloSequence5: Workload = {
  name: 'hello-sequence-5',
  summary: 'orchestrations of five sequential activities, all at once',
  defaultCount: 1_000,
  defaultRuns: 7,
  against: { 'durabletask-js': ({ count }) => openHello(count) },
  open: async ({ provider, count }) => {
    const session = await openSession(provider, { orchestrations: [helloSequence], activities: [hello] })
    return {
      name: 'dtfx',
      run: async () => {
        const startedMs = performance.now()
        const handles = await Promise.all(Array.from({ length: count }, () => session.client.start(helloSequence)))
        const outputs = await Promise.all(handles.map((handle) => handle.result({ timeout: '60s' })))
        const durationMs = performance.now() - startedMs
        for (const output of outputs) expectResult('dtfx', output, greetings)
        await Promise.all(handles.map((handle) => handle.purge()))
        return [
          { case: 'default', metric: 'orchestrations_per_second', value: (count / durationMs) * 1000, unit: 'orchestrations/s' },
          { case: 'default', metric: 'duration_ms', value: durationMs, unit: 'ms' },
        ]
      },
      close: () => session.close(),
    }
  },
}
