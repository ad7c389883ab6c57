import { conformance } from '@dtfx/testing/conformance'
import { createOrchestrationService } from '@dtfx/testing/memory'
import { describe, test } from 'vitest'

const open = (_host?: unknown, circumstances?: { readonly localActivities: boolean }): ReturnType<typeof createOrchestrationService> =>
  createOrchestrationService({ localActivities: circumstances?.localActivities })

conformance({ describe, test, name: 'memory', open, capabilities: open().capabilities })
