/** The suite as a table of contents. What the capabilities declare is tested; what they do not declare is tested to be absent. */
import type { Host, OrchestrationService } from '@dtfx/core/provider'
import { activitySuite } from './activities.js'
import { badInputSuite } from './bad-input.js'
import { bugClassSuite } from './bug-classes.js'
import { capabilitySuite } from './capabilities.js'
import { commitFailureSuite } from './commit-failures.js'
import { continueAsNewSuite } from './continue-as-new.js'
import { createSuite } from './create.js'
import { drainSuite } from './drain.js'
import { duplicateSuite } from './duplicates.js'
import { eventSuite } from './events.js'
import { historyEqualitySuite } from './history-equality.js'
import { historySuite } from './history.js'
import { lateResultSuite } from './late-results.js'
import { lockSuite } from './locks.js'
import { lostTurnSuite } from './lost-turns.js'
import { middlewareSuite } from './middleware.js'
import { payloadSuite } from './payloads.js'
import { purgeSuite } from './purge.js'
import { querySuite } from './query.js'
import { rewindSuite } from './rewind.js'
import { subOrchestrationSuite } from './sub-orchestrations.js'
import type { Suite, SuiteRunner } from './suite.js'
import { suspendTerminateSuite } from './suspend-terminate.js'
import { timerSuite } from './timers.js'
import { variantNames, type VariantName } from './variants.js'
import { versioningSuite } from './versioning.js'
import { withHub } from './with-hub.js'

/** What a variant asks of the provider; one that cannot do it does what it always does. */
export interface Circumstances {
  /** False: no activity is run by the worker that scheduled it just because it scheduled it. */
  readonly localActivities: boolean
}

export interface ConformanceOptions extends SuiteRunner {
  /** Name of the provider, for the names of the tests. */
  readonly name: string
  /** A service on a new, empty hub of its own: tests run side by side. */
  readonly open: (host?: Host, circumstances?: Circumstances) => OrchestrationService | Promise<OrchestrationService>
  /** What the provider declares; the suite asserts that `open` gives the same. */
  readonly capabilities: OrchestrationService['capabilities']
  /** Default: all, and the test that histories are equal in all of them. */
  readonly variants?: readonly VariantName[] | undefined
  /** The test that histories are equal in all variants. @default true if `variants` is absent */
  readonly histories?: boolean | undefined
  /** The store is thrown away after the run: hubs need not be deleted after each test. @default false */
  readonly keepsHubs?: boolean | undefined
  /** What clients are shown of one instance may lag behind what another one has been told of it, as where a queue lies before the rows that are read. @default false */
  readonly showsLate?: boolean | undefined
  /** Limit of one test. @default 30000 */
  readonly timeoutMs?: number | undefined
}

export function conformance(options: ConformanceOptions): void {
  for (const name of options.variants ?? variantNames) options.describe(`${options.name}, ${name}`, () => runSuite(suiteFor(options, name)))
  if (options.capabilities.history && (options.histories ?? options.variants === undefined)) options.describe(`${options.name}, histories`, () => historyEqualitySuite(options))
}

function runSuite(suite: Suite): void {
  capabilitySuite(suite)
  createSuite(suite)
  activitySuite(suite)
  timerSuite(suite)
  eventSuite(suite)
  subOrchestrationSuite(suite)
  continueAsNewSuite(suite)
  suspendTerminateSuite(suite)
  lateResultSuite(suite)
  middlewareSuite(suite)
  versioningSuite(suite)
  payloadSuite(suite)
  lockSuite(suite)
  commitFailureSuite(suite)
  lostTurnSuite(suite)
  duplicateSuite(suite)
  drainSuite(suite)
  badInputSuite(suite)
  bugClassSuite(suite)
  historySuite(suite)
  querySuite(suite)
  purgeSuite(suite)
  rewindSuite(suite)
}

function suiteFor(options: ConformanceOptions, name: VariantName): Suite {
  const { capabilities, timeoutMs = 30_000 } = options
  return {
    capabilities,
    group: (title, body) => options.describe(title, body),
    test: (title, body) =>
      options.test(
        title,
        () => withHub(options, name, body),
        timeoutMs,
      ),
  }
}
