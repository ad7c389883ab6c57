import { describe, expect, it } from 'vitest'
import { checkHubName, controlQueueOf, hubNameProblem, hubNames } from '../src/names.js'

describe('names of a hub', () => {
  it('keep the case in tables and lose it elsewhere', () => {
    expect(hubNames('MyHub', 2)).toStrictEqual({
      hub: 'MyHub',
      historyTable: 'MyHubHistory',
      instancesTable: 'MyHubInstances',
      partitionsTable: 'MyHubPartitions',
      quarantineTable: 'MyHubQuarantine',
      controlQueues: ['myhub-control-00', 'myhub-control-01'],
      workItemQueue: 'myhub-workitems',
      leaseContainer: 'myhub-leases',
      largeMessageContainer: 'myhub-largemessages',
      appLeaseContainer: 'myhub-applease',
      appLeaseBlob: 'myhub-appleaseinfo',
    })
    expect(hubNames('h', 16).controlQueues.at(-1)).toBe('h-control-15')
    expect(controlQueueOf(hubNames('MyHub', 4), 'abc')).toBe('myhub-control-03')
  })

  it.each([
    ['orders', undefined],
    ['Orders2', undefined],
    ['a'.repeat(49), undefined],
    ['', 'letters and digits'],
    ['2orders', 'letters and digits'],
    ['my-hub', 'letters and digits'],
    ['bücher', 'letters and digits'],
    ['ab', '2 characters'],
    ['a'.repeat(50), '50 characters'],
  ])('%s', (hub, problem) => {
    if (problem === undefined) expect(hubNameProblem(hub)).toBeUndefined()
    else expect(hubNameProblem(hub)).toContain(problem)
  })

  it('a bad one is refused with a code', () => {
    expect(() => checkHubName('my-hub', 'options of @dtfx/azure-storage')).toThrow(expect.objectContaining({ code: 'DTFX_CONFIG_INVALID', message: expect.stringContaining("'taskHub' is 'my-hub'") as unknown }))
  })
})
