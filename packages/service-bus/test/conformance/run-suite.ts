/** The conformance suite on emulators of its own; without variants, the test that their histories are equal. Tests run side by side: each has its own hub, and most of their time is waiting. */
import { conformance } from '@dtfx/testing/conformance'
import { createOrchestrationService, type ServiceBusOptions } from '@dtfx/service-bus'
import { describe, test } from 'vitest'
import { isEmulated, useBed } from '../bed.js'

export function runSuite(name: string, variants: Parameters<typeof conformance>[0]['variants'], options: ServiceBusOptions = {}): void {
  const bed = useBed()
  const { capabilities } = createOrchestrationService()
  conformance({
    describe,
    test: (title, body, timeoutMs) => test.concurrent(title, body, timeoutMs),
    name,
    variants,
    histories: variants?.length === 0,
    capabilities,
    timeoutMs: 120_000,
    keepsHubs: isEmulated,
    showsLate: true,
    open: (host, circumstances) => bed.open({ ...options, localActivities: circumstances?.localActivities ?? true }, host),
  })
}
