/**
 * A Service Bus emulator, for provider service-bus without a namespace of its own: in this process, or that of another one on the same folder.
 * What is in it is kept in a file, so that a run that was killed goes on.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { EmulatorError, startServiceBusEmulator } from '@dtfx/service-bus-emulator'
import type { StoreArguments } from '../arguments.js'
import { UserError } from '../user-error.js'
import { announceBus, claimBus, releaseBus } from './bus-owner.js'

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
  const ownerFile = join(emulatorFolder, 'service-bus.json')
  const owner = await claimBus(ownerFile)
  if (owner !== undefined) {
    const { pid, connectionString } = owner
    if (connectionString === undefined) throw new UserError(`Process ${pid} is starting the bus of ${emulatorFolder}: try again in a moment.`)
    say(`The bus is the emulator of process ${pid}, and ends with it.`)
    return { options: { ...providerOptions, connectionString }, stop: async () => {} }
  }
  try {
    const bus = await startServiceBusEmulator({ file })
    const { connectionString } = bus
    await announceBus(ownerFile, connectionString)
    say(`The bus is an emulator in this process, with its data in ${file}`)
    const stop = async (): Promise<void> => {
      await bus.close()
      await releaseBus(ownerFile)
    }
    return { options: { ...providerOptions, connectionString }, stop }
  } catch (error) {
    await releaseBus(ownerFile)
    if (error instanceof EmulatorError) throw new UserError(`The Service Bus emulator did not start: ${error.message}`)
    throw error
  }
}
