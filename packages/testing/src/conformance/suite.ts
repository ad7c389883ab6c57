/**
 * How a file of the suite declares its tests: `suite.test(name, async (hub) => …)`. The runner is injected (vitest, jest, node:test …), assertions are node:assert.
 * Invariant: every test gets a hub of its own, which is closed afterwards whatever happens.
 */
import type { Capabilities } from '@dtfx/core/provider'
import type { ConformanceHub } from './conformance-hub.js'

/** The two functions of a test runner that the suite needs. */
export interface SuiteRunner {
  readonly describe: (name: string, body: () => void) => void
  readonly test: (name: string, body: () => Promise<void>, timeoutMs?: number) => void
}

export interface Suite {
  readonly capabilities: Capabilities
  group(name: string, body: () => void): void
  test(name: string, body: (hub: ConformanceHub) => Promise<void>): void
}
