/** What a whole run writes to the seams: one span per execution and per attempt however often the code is replayed, lines with ids, measurements under known names. */
import { expect, it } from 'vitest'
import { defineActivity, defineOrchestration, metricNames, type LogFields, type Logger, type Metrics, type MetricName, type SpanOptions, type Tracer } from '@dtfx/core'
import { createTestHub } from '@dtfx/testing'

function recorder(): { readonly tracer: Tracer; readonly spans: { readonly options: SpanOptions; readonly error: string | undefined; readonly active: number }[] } {
  const spans: { options: SpanOptions; error: string | undefined; active: number }[] = []
  const tracer: Tracer = {
    start(options) {
      let active = 0
      return {
        context: { traceParent: `of ${options.name}` } as never,
        setAttribute: () => {},
        end: (error) => void spans.push({ options, error: error?.message, active }),
        run: (fn) => (active++, fn()),
      }
    },
  }
  return { tracer, spans }
}

let attempts = 0
const flaky = defineActivity('Flaky', () => {
  if (++attempts === 1) throw new Error('first time')
  return 'ok'
})
const child = defineOrchestration('Child', async () => 'child')
const flow = defineOrchestration('Flow', async (ctx) => {
  const result = await ctx.callActivity(flaky, undefined, { retry: { maxAttempts: 2, firstDelay: '1m' } })
  await ctx.createTimer('1h')
  return [result, await ctx.callSubOrchestration(child)]
})

it('one span per orchestration and per attempt of an activity, also with the cache off', async () => {
  attempts = 0
  const { tracer, spans } = recorder()
  await using hub = await createTestHub({ orchestrations: [flow, child], activities: [flaky], cache: false, tracer })
  const handle = await hub.client.start(flow, undefined, { instanceId: 'traced' })
  await hub.advance('2h')
  expect(await handle.result()).toEqual(['ok', 'child'])
  const server = spans.filter(({ options }) => options.kind === 'server')
  expect(server.map(({ options, error }) => [options.name, error])).toEqual([
    ['activity:Flaky', expect.stringContaining('first time')],
    ['activity:Flaky', undefined],
    ['orchestration:Child', undefined],
    ['orchestration:Flow', undefined],
  ])
  expect(server.at(-1)?.options.startMs).toBe(Date.parse('2030-01-01T00:00:00Z'))
  expect(server.at(-1)?.options.attributes).toMatchObject({ 'durabletask.task.instance_id': 'traced', 'durabletask.task.status': 'Completed' })
  expect(server.slice(0, 2).map(({ active }) => active)).toEqual([1, 1])
})

it('lines have ids of the instance, measurements have known names', async () => {
  attempts = 0
  const lines: { readonly event: number | undefined; readonly fields: LogFields | undefined }[] = []
  const logger: Logger = { enabled: () => true, log: (_level, _message, fields, event) => void lines.push({ event, fields }) }
  const measured = new Set<MetricName>()
  const note = (name: MetricName): void => void measured.add(name)
  const levels = new Map<MetricName, number>()
  const metrics: Metrics = { count: note, record: note, gauge: (name, value) => (note(name), void levels.set(name, value)) }
  const hub = await createTestHub({ orchestrations: [flow, child], activities: [flaky], logger, metrics })
  const handle = await hub.client.start(flow, undefined, { instanceId: 'logged' })
  await hub.advance('2h')
  await handle.result()
  await handle.raiseEvent('late')
  await hub.runUntilIdle()
  await hub.stop()
  const byEvent = (id: number) => lines.filter(({ event }) => event === id)
  for (const id of [51, 52, 60, 61]) expect(byEvent(id).length, `log event ${id}`).toBeGreaterThan(1)
  expect([...levels.values()]).toEqual([0, 0, 0])
  for (const id of [10, 11, 12, 13]) expect(byEvent(id).length, `log event ${id}`).toBe(1)
  expect(byEvent(49).map(({ fields }) => fields?.['instanceId'])).toContain('logged')
  expect(byEvent(62)).toHaveLength(1)
  expect(byEvent(54).map(({ fields }) => fields?.['instanceId'])).toEqual(['logged'])
  for (const name of measured) expect(Object.keys(metricNames)).toContain(name)
  expect([...measured]).toEqual(expect.arrayContaining(['dtfx.orchestrations.started', 'dtfx.orchestrations.active', 'dtfx.activities.active', 'dtfx.orchestrations.completed', 'dtfx.turns', 'dtfx.turn.duration_ms', 'dtfx.activities.completed', 'dtfx.activity.duration_ms', 'dtfx.messages.discarded']))
})
