/**
 * What the Azure providers need to be measured: an account, and a namespace for Service Bus, which are emulators unless the options name them, and a task hub of its own, which goes away with the measurement unless
 * the options name one.
 */
import { randomUUID } from 'node:crypto'
import { startServiceBusEmulator } from '@dtfx/service-bus-emulator'
import type { Hub, Setup } from '../measurement.js'
import { startEmulator } from './emulator.js'

/** The short name, the package, or a file of it. */
export function isAzureStorage({ provider }: Pick<Setup, 'provider'>): boolean {
  return provider.split('/').includes('azure-storage')
}

/** The same. */
export function isServiceBus({ provider }: Pick<Setup, 'provider'>): boolean {
  return provider.split('/').includes('service-bus')
}

export async function openAzureHub({ options }: Setup): Promise<Hub> {
  const taskHub = options?.['taskHub'] ?? `bench${randomUUID().replaceAll('-', '').slice(0, 16)}`
  const isOwn = options?.['taskHub'] === undefined
  if (options?.['connectionString'] !== undefined || options?.['accountName'] !== undefined) return { options: { ...options, taskHub }, isOwn, close: async () => {} }
  const { connectionString, close } = await startEmulator()
  return { options: { ...options, connectionString, taskHub }, isOwn: false, close }
}

/** The bus in this process, the account as a child. */
export async function openBusHub({ options }: Setup): Promise<Hub> {
  const taskHub = options?.['taskHub'] ?? `bench${randomUUID().replaceAll('-', '').slice(0, 16)}`
  if (options?.['connectionString'] !== undefined || options?.['namespace'] !== undefined) return { options: { ...options, taskHub }, isOwn: options['taskHub'] === undefined, close: async () => {} }
  const [bus, account] = await Promise.all([startServiceBusEmulator(), startEmulator()])
  return {
    options: { storageConnectionString: account.connectionString, ...options, connectionString: bus.connectionString, taskHub },
    isOwn: false,
    close: async () => {
      await Promise.all([bus.close(), account.close()])
    },
  }
}
