/** The seams for logs, spans and measurements: their no-op defaults and their console forms. */
import { describe, expect, it, vi } from 'vitest'
import { consoleMetrics, consoleTracer, noLogger, noMetrics, noTracer } from '../../src/index.js'

describe('the defaults do nothing', () => {
  it('logger, tracer, metrics', () => {
    expect(noLogger.enabled('error')).toBe(false)
    noLogger.log('error', 'nobody reads this')
    const span = noTracer.start({ name: 'activity:A', kind: 'server' })
    span.setAttribute('a', 1)
    expect(span.context).toBeUndefined()
    expect(span.run(() => 5)).toBe(5)
    span.end({ message: 'failed' })
    noMetrics.count('dtfx.turns', 1)
    noMetrics.record('dtfx.turn.duration_ms', 1)
    noMetrics.gauge('dtfx.activities.active', 1)
  })
})

describe('on the console', () => {
  it('a line has its id, level, text and fields, from the level on that is asked for', async () => {
    const calls: unknown[][] = []
    const spies = (['debug', 'info', 'warn', 'error'] as const).map((level) => vi.spyOn(console, level).mockImplementation((...args: unknown[]) => void calls.push([level, ...args])))
    try {
      vi.resetModules()
      const { consoleLogger } = await import('../../src/telemetry/logger.js')
      const logger = consoleLogger('warn')
      expect([logger.enabled('info'), logger.enabled('warn'), logger.enabled('error')]).toEqual([false, true, true])
      logger.log('info', 'not this')
      logger.log('warn', 'message without effect', { instanceId: 'i' }, 54)
      logger.log('error', 'of the user', {})
      consoleLogger().log('debug', 'below the default')
      consoleLogger('debug').log('debug', 'wanted')
      expect(calls).toEqual([
        ['warn', '[dtfx:54] warn message without effect', { instanceId: 'i' }],
        ['error', '[dtfx] error of the user'],
        ['debug', '[dtfx] debug wanted'],
      ])
    } finally {
      for (const spy of spies) spy.mockRestore()
    }
  })

  it('a span is one line when it ends', () => {
    const lines: string[] = []
    const tracer = consoleTracer((line) => void lines.push(line))
    const span = tracer.start({ name: 'activity:Charge', kind: 'server', parent: { traceParent: '00-a-b-01' } as never, startMs: 0, attributes: { task: 0 } })
    span.setAttribute('extra', true)
    expect(span.context).toEqual({ traceParent: '00-a-b-01' })
    expect(lines).toEqual([])
    span.end()
    tracer.start({ name: 'orchestration:Flow', kind: 'server' }).end({ message: 'boom' })
    expect(lines[0]).toMatch(/^\[dtfx\] span activity:Charge \d+ ms ok \{"task":0,"extra":true\}$/)
    expect(lines[1]).toMatch(/^\[dtfx\] span orchestration:Flow \d+ ms failed: boom \{\}$/)
  })

  it('a measurement is one line', () => {
    const lines: string[] = []
    const metrics = consoleMetrics((line) => void lines.push(line))
    metrics.count('dtfx.turns', 1, { result: 'committed' })
    metrics.record('dtfx.turn.duration_ms', 2.5)
    metrics.gauge('dtfx.activities.active', 3)
    expect(lines).toEqual(['[dtfx] count dtfx.turns 1 {"result":"committed"}', '[dtfx] record dtfx.turn.duration_ms 2.5', '[dtfx] gauge dtfx.activities.active 3'])
  })
})
