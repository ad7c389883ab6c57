/** The conformance suite, each test on a file of its own; without variants, the test that their histories are equal. */
import { conformance } from '@dtfx/testing/conformance'
import { describe, test } from 'vitest'
import { deleteHubsAfterwards, openHub } from '../new-hub.js'

export function runSuite(variants: Parameters<typeof conformance>[0]['variants']): void {
  deleteHubsAfterwards()
  conformance({
    describe,
    test,
    name: 'sqlite',
    variants,
    histories: variants?.length === 0,
    capabilities: openHub().capabilities,
    timeoutMs: 60_000,
    open: (host, circumstances) => openHub({ localActivities: circumstances?.localActivities ?? true }, host),
  })
}
