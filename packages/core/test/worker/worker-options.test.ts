import { describe, expect, it } from 'vitest'
import { declareActivity, defineActivity, defineOrchestration, type AnyActivity, type AnyOrchestration } from '../../src/authoring/definitions.js'
import { limits } from '../../src/base/limits.js'
import { checkWorkerOptions, type TaskHubWorkerOptions } from '../../src/worker/worker-options.js'

const flow = defineOrchestration('Flow', async () => 1) as AnyOrchestration
const charge = defineActivity('Charge', () => 1) as AnyActivity

describe('options of a worker', () => {
  it('have defaults', () => {
    expect(checkWorkerOptions({})).toMatchObject({
      concurrency: { orchestrations: 100, activities: 100 },
      middleware: { orchestration: [], activity: [] },
      versionPolicy: { version: '', match: 'none', onMismatch: 'reject' },
      maxFaults: limits.maxFaults,
      maxSuspectTurns: limits.maxSuspectTurns,
      unknownNameGraceMs: 60_000,
      cache: { maxInstances: limits.maxCachedInstances, maxBytes: limits.maxCachedBytes },
      watchdog: { warnAfterMs: limits.watchdogWarnAfterMs, maxTurnMs: limits.maxTurnMs },
      autoCreate: true,
      maxActivitiesPerSecond: undefined,
    })
  })
  it('are taken over', () => {
    const checked = checkWorkerOptions({ orchestrations: [flow], activities: [charge], concurrency: { activities: 0 }, cache: false, version: '2', versionMatch: 'strict', onMismatch: 'fail', maxFaults: 1, unknownNameGraceMs: 0 })
    expect(checked).toMatchObject({ concurrency: { orchestrations: 100, activities: 0 }, cache: { maxInstances: 0 }, versionPolicy: { version: '2', match: 'strict', onMismatch: 'fail' }, maxFaults: 1, unknownNameGraceMs: 0 })
    expect(checked.orchestrations.find('Flow', undefined)).toBe(flow)
    expect(checked.activities.list()).toEqual([{ name: 'Charge', version: undefined }])
  })
  it.each<[string, TaskHubWorkerOptions, RegExp]>([
    ['a concurrency that is no whole number', { concurrency: { activities: 1.5 } }, /concurrency\.activities/],
    ['a negative concurrency', { concurrency: { orchestrations: -1 } }, /concurrency\.orchestrations/],
    ['no faults at all', { maxFaults: 0 }, /maxFaults/],
    ['no suspect turns at all', { maxSuspectTurns: 0 }, /maxSuspectTurns/],
    ['a cache of a negative size', { cache: { maxInstances: -1 } }, /cache\.maxInstances/],
    ['a cache of no whole number of bytes', { cache: { maxBytes: 0.5 } }, /cache\.maxBytes/],
    ['an unknown bound of the cache', { cache: { maxByte: 5 } as never }, /cache\.maxByte: is not known\. Did you mean 'maxBytes'/],
    ['a watchdog that warns at once', { watchdog: { warnAfterMs: 0 } }, /watchdog\.warnAfterMs/],
    ['a watchdog with no whole number', { watchdog: { maxTurnMs: '1m' as never } }, /watchdog\.maxTurnMs/],
    ['an unknown option of the watchdog', { watchdog: { warnAfter: 5 } as never }, /watchdog\.warnAfter: is not known/],
    ['a watchdog that is no options', { watchdog: true as never }, /watchdog: is no object/],
    ['a rate of nothing', { maxActivitiesPerSecond: 0 }, /maxActivitiesPerSecond/],
    ['a grace that is no number', { unknownNameGraceMs: Number.NaN }, /unknownNameGraceMs/],
    ['an unknown match', { versionMatch: 'newest' as never }, /versionMatch/],
    ['an unknown consequence', { onMismatch: 'ignore' as never }, /onMismatch/],
    ['an unknown determinism', { determinism: 'loose' as never }, /determinism/],
    ['an activity among the orchestrations', { orchestrations: [charge as never] }, /no orchestration definition/],
    ['a declaration without a function', { activities: [declareActivity('Ship') as never] }, /the declaration 'Ship'/],
    ['nothing at all in a list', { activities: [undefined as never] }, /no activity definition/],
  ])('refuse %s, naming the option', (_name, options, problem) => {
    expect(() => checkWorkerOptions(options)).toThrow(problem)
    expect(() => checkWorkerOptions(options)).toThrow(expect.objectContaining({ code: 'DTFX_INVALID_OPTION' }))
  })
  it('switch the watchdog off, or only its end', () => {
    expect(checkWorkerOptions({ watchdog: false }).watchdog).toBeUndefined()
    expect(checkWorkerOptions({ watchdog: { maxTurnMs: 'none' } }).watchdog).toEqual({ warnAfterMs: limits.watchdogWarnAfterMs, maxTurnMs: Number.POSITIVE_INFINITY })
  })
  it('refuse a name that is registered twice', () => {
    expect(() => checkWorkerOptions({ activities: [charge, charge] })).toThrow(expect.objectContaining({ code: 'DTFX_DUPLICATE_DEFINITION' }))
  })
})
