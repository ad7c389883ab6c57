import { describe, expect, it } from 'vitest'
import { createOrchestrationService } from '@dtfx/testing/memory'

describe('options of the memory provider', () => {
  it.each([
    [{ lockTimeout: 5 }, /'lockTimeout' is not known; known are: lockTimeoutMs/],
    [{ lockTimeoutMs: 0 }, /'lockTimeoutMs' is 0/],
    [{ lockTimeoutMs: Number.NaN }, /'lockTimeoutMs' is NaN/],
    [{ lockTimeoutMs: '5' }, /'lockTimeoutMs' is 5/],
    [[], /is not an object/],
    [null, /is not an object/],
  ])('refuses %j', (options, message) => {
    expect(() => createOrchestrationService(options as never)).toThrow(expect.objectContaining({ code: 'DTFX_INVALID_OPTION', message: expect.stringMatching(message) }))
  })

  it('declares what it can do', () => {
    const service = createOrchestrationService({ lockTimeoutMs: 'none' })
    expect(service.name).toBe('memory')
    const { entities, commit, timerGranularityMs, ...rest } = service.capabilities
    expect({ entities, commit, timerGranularityMs }).toEqual({ entities: false, commit: 'atomic', timerGranularityMs: 1 })
    expect(Object.values(rest).every((value) => value === true || typeof value === 'number')).toBe(true)
  })
})
