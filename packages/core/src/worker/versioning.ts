/** Which orchestrations a worker takes by version: .NET's strategies (dtfx-core A10), with numbers compared as numbers also where .NET compares text ("10" is after "9"). */
export type VersionMatch = 'none' | 'strict' | 'currentOrOlder'

export interface VersionPolicy {
  /** Version of this worker. */
  readonly version: string
  readonly match: VersionMatch
  /** `reject`: leave it to other workers; `fail`: the instance fails with DTFX_VERSION_MISMATCH. */
  readonly onMismatch: 'reject' | 'fail'
}

export function versionMatches(policy: VersionPolicy, version: string | undefined): boolean {
  switch (policy.match) {
    case 'none':
      return true
    case 'strict':
      return (version ?? '') === policy.version
    case 'currentOrOlder':
      return compareVersions(version ?? '', policy.version) <= 0
  }
}

/** Dotted numbers part by part; no version is before every version; anything else as text without regard to case. */
export function compareVersions(a: string, b: string): number {
  if (a === b) return 0
  if (a === '' || b === '') return a === '' ? -1 : 1
  const [left, right] = [numbers(a), numbers(b)]
  if (left === undefined || right === undefined) {
    const [x, y] = [a.toLowerCase(), b.toLowerCase()]
    return x === y ? 0 : x < y ? -1 : 1
  }
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

function numbers(version: string): number[] | undefined {
  return /^\d+(\.\d+)*$/.test(version) ? version.split('.').map(Number) : undefined
}
