/** Loads the provider that a configuration file names, as an application does; prints its name. The file is the only thing that differs from one store to the next. */
import { loadOrchestrationService } from '@dtfx/core'

const service = await loadOrchestrationService(process.argv[2])
await service.close()
console.log(service.name)
