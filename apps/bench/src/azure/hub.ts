/**
 * What Azure Storage needs to be measured: an account, which is an emulator unless the options name one, and a task hub of its own, which goes away with the measurement unless the options name one.
 */
import { randomUUID } from 'node:crypto'
import type { Hub, Setup } from '../measurement.js'
import { startEmulator } from './emulator.js'

/** The short name, the package, or a file of it. */
export function isAzureStorage({ provider }: Pick<Setup, 'provider'>): boolean {
  return provider.split('/').includes('azure-storage')
}

export async function openAzureHub({ options }: Setup): Promise<Hub> {
  const taskHub = options?.['taskHub'] ?? `bench${randomUUID().replaceAll('-', '').slice(0, 16)}`
  const isOwn = options?.['taskHub'] === undefined
  if (options?.['connectionString'] !== undefined || options?.['accountName'] !== undefined) return { options: { ...options, taskHub }, isOwn, close: async () => {} }
  const { connectionString, close } = await startEmulator()
  return { options: { ...options, connectionString, taskHub }, isOwn: false, close }
}
