/** Opens the store of a command with the emulators that belong to it, and closes all of it in the reverse order. */
import type { OrchestrationService } from '@dtfx/core'
import type { StoreArguments } from './arguments.js'
import { provideBus } from './emulator/provide-bus.js'
import { provideEmulator } from './emulator/provide-emulator.js'
import { openService } from './open-service.js'

/** `say` tells of emulators that are started. @throws UserError, DTFX_CONFIG_INVALID and what else the provider refuses */
export async function withStore<T>(given: StoreArguments, say: (line: string) => void, use: (service: OrchestrationService) => Promise<T>): Promise<T> {
  const bus = await provideBus(given, say)
  try {
    const service = await openService({ ...given, providerOptions: bus?.options ?? given.providerOptions })
    const emulator = await provideEmulator(service, given.emulatorFolder, say)
    try {
      return await use(service)
    } finally {
      await service.close()
      await emulator?.stop()
    }
  } finally {
    await bus?.stop()
  }
}
