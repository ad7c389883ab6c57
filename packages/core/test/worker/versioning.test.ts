import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareVersions, versionMatches, type VersionPolicy } from '../../src/worker/versioning.js'

describe('compareVersions', () => {
  it.each([
    ['1.0', '1.0', 0],
    ['', '1.0', -1],
    ['1.0', '', 1],
    ['1.0', '2.0', -1],
    ['1.10', '1.9', 1],
    ['10', '9', 1],
    ['1.0', '1.0.0', 0],
    ['1.0.1', '1.0', 1],
    ['beta', 'BETA', 0],
    ['alpha', 'beta', -1],
    ['1.0-rc', '1.0', 1],
  ])('%j and %j', (a, b, expected) => {
    expect(Math.sign(compareVersions(a, b))).toBe(expected)
  })
  it('orders numbers consistently', () => {
    const version = fc.array(fc.nat(12), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('.'))
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(Math.sign(compareVersions(a, b))).toBe(0 - Math.sign(compareVersions(b, a)))
        if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) expect(compareVersions(a, c)).toBeLessThanOrEqual(0)
      }),
    )
  })
})

describe('versionMatches', () => {
  const worker = (match: VersionPolicy['match'], version = '2.0'): VersionPolicy => ({ version, match, onMismatch: 'reject' })
  it.each<[VersionPolicy['match'], string | undefined, boolean]>([
    ['none', '9.9', true],
    ['none', undefined, true],
    ['strict', '2.0', true],
    ['strict', '2.0.0', false],
    ['strict', '1.0', false],
    ['strict', undefined, false],
    ['currentOrOlder', '2.0', true],
    ['currentOrOlder', '1.9', true],
    ['currentOrOlder', undefined, true],
    ['currentOrOlder', '2.1', false],
  ])('%s takes version %j: %s', (match, version, expected) => {
    expect(versionMatches(worker(match), version)).toBe(expected)
  })
  it('a worker without a version takes strictly what has none', () => {
    expect(versionMatches(worker('strict', ''), undefined)).toBe(true)
    expect(versionMatches(worker('strict', ''), '1')).toBe(false)
  })
})
