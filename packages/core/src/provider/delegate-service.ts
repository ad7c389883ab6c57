/**
 * A service in front of another: every member is the other's, except those that are given.
 * Methods are called on the inner service, which may be a class that needs its `this`; a spread would lose what stands on its prototype.
 */
import type { OrchestrationService } from './orchestration-service.js'

/** `overrides` win, also with `undefined`, which takes an optional port away. */
export function delegateService(service: OrchestrationService, overrides: Partial<OrchestrationService>): OrchestrationService {
  return {
    name: service.name,
    capabilities: service.capabilities,
    location: service.location,
    host: service.host,
    converter: service.converter,
    digestKey: service.digestKey,
    client: service.client,
    query: service.query,
    history: service.history,
    purge: service.purge,
    quarantine: service.quarantine,
    scale: service.scale,
    createHub: () => service.createHub(),
    hubExists: service.hubExists === undefined ? undefined : () => service.hubExists?.() ?? Promise.resolve(true),
    deleteHub: () => service.deleteHub(),
    startWorker: (spec) => service.startWorker(spec),
    close: () => service.close(),
    ...overrides,
  }
}
