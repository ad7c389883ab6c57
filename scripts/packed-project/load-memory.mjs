/** Names the in-memory provider by configuration only, as an application does; prints where it came from and that it works. */
import { loadOrchestrationService } from '@dtfx/core'

const service = await loadOrchestrationService({ provider: 'memory' })
await service.createHub()
await service.close()
console.log(service.name)
