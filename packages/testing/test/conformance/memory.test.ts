import { conformance } from '@dtfx/testing/conformance'
import { createOrchestrationService } from '@dtfx/testing/memory'
import { describe, test } from 'vitest'

const open = (): ReturnType<typeof createOrchestrationService> => createOrchestrationService({})

conformance({ describe, test, name: 'memory', open, capabilities: open().capabilities })
