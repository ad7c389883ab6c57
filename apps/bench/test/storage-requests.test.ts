/** Which requests count as what. */
import { describe, expect, it } from 'vitest'
import { isAzureStorage } from '../src/azure/hub.js'
import { difference, requestRows } from '../src/azure/storage-requests.js'

describe('difference', () => {
  it('is what was sent since, and says what is apart and why', () => {
    const before = { 'queue put control': 2, 'table query Partitions': 1, 'queue get control, empty': 5 }
    const after = { ...before, 'queue put control': 5, 'table query Partitions': 2, 'table replace Partitions': 4, 'blob lease applease': 1, 'queue update workitems': 1, 'queue peek control': 4, 'queue get control, empty': 6 }
    expect(difference(before, after)).toEqual({
      'queue put control': 3,
      'table query Partitions, lease': 1,
      'table replace Partitions, lease': 4,
      'blob lease applease, lease': 1,
      'queue update workitems, renewal': 1,
      'queue peek control, look': 4,
      'queue get control, empty': 1,
    })
  })

  it('of a client that waits is apart as a whole', () => {
    expect(difference({}, { 'table query Instances': 3 }, true)).toEqual({ 'table query Instances, wait': 3 })
  })
})

describe('requestRows', () => {
  const counts = { 'queue get control, empty': 4, 'table merge Instances': 6, 'queue put control': 2 }
  const figures = (everything: boolean) => requestRows('c', counts, { per: 2, everything }).map(({ metric, operation, value }) => [metric, operation, value])
  const operations = [
    ['requests_by_operation', 'queue put control', 1],
    ['requests_by_operation', 'table merge Instances', 3],
    ['requests_by_operation', 'queue get control, empty', 2],
  ]

  it('has the total first, without what is apart, which comes last', () => expect(figures(false)).toEqual([['requests_total', undefined, 4], ...operations]))

  it('of an idle minute counts everything', () => expect(figures(true)).toEqual([['requests_total', undefined, 6], ...operations]))
})

it.each([
  ['azure-storage', true],
  ['@dtfx/azure-storage', true],
  ['file:///packages/azure-storage/src/index.ts', true],
  ['memory', false],
  ['@acme/azure-storage-lite', false],
])('%s is Azure Storage: %s', (provider, expected) => expect(isAzureStorage({ provider })).toBe(expected))
