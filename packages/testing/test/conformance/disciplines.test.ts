import type { OrchestrationService } from '@dtfx/core/provider'
import { conformance } from '@dtfx/testing/conformance'
import { createOrchestrationService } from '@dtfx/testing/memory'
import { describe, test } from 'vitest'

/** The other orders in which a store can make a turn durable: what the worker shows to its users is the same. Tests run side by side: most of their time is waiting. */
for (const commit of ['messages-first', 'state-first-outbox'] as const) {
  const open = (_host?: unknown, circumstances?: { readonly localActivities: boolean }): OrchestrationService =>
    createOrchestrationService({ commit, localActivities: circumstances?.localActivities })
  conformance({ describe, test: test.concurrent, name: `memory, ${commit}`, open, capabilities: open().capabilities })
}
