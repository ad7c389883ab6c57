/** A Service Bus emulator in this process, for provider service-bus without a namespace of its own. What is in it is kept in a file, so that a run that was killed goes on. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { EmulatorError, startServiceBusEmulator } from '@dtfx/service-bus-emulator'
import type { StoreArguments } from '../arguments.js'
import { UserError } from '../user-error.js'

export interface ProvidedBus {
  /** Of the provider, with the place of the emulator. */
  readonly options: Readonly<Record<string, unknown>>
  stop(): Promise<void>
}

/** Undefined: another provider, or a namespace is given. @throws UserError */
export async function provideBus({ provider, providerOptions, emulatorFolder }: Pick<StoreArguments, 'provider' | 'providerOptions' | 'emulatorFolder'>, say: (line: string) => void): Promise<ProvidedBus | undefined> {
  if (provider !== 'service-bus' || providerOptions?.['connectionString'] !== undefined || providerOptions?.['namespace'] !== undefined) return undefined
  await mkdir(emulatorFolder, { recursive: true })
  const file = join(emulatorFolder, 'service-bus.log')
  try {
    const bus = await startServiceBusEmulator({ file })
    say(`The bus is an emulator in this program, with its data in ${file}`)
    return { options: { ...providerOptions, connectionString: bus.connectionString }, stop: () => bus.close() }
  } catch (error) {
    if (error instanceof EmulatorError) throw new UserError(`The Service Bus emulator did not start: ${error.message}`)
    throw error
  }
}
