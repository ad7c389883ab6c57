import { conformance } from '@dtfx/testing/conformance'
import { createOrchestrationService } from '@dtfx/testing/memory'
import { describe, test } from 'vitest'

const open = (_host?: unknown, circumstances?: { readonly localActivities: boolean }): ReturnType<typeof createOrchestrationService> =>
  createOrchestrationService({ localActivities: circumstances?.localActivities })

/** Tests run side by side: most of their time is waiting. */
conformance({ describe, test: test.concurrent, name: 'memory', open, capabilities: open().capabilities })
