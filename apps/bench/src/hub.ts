/** What a provider needs to be measured: a task hub of its own, which goes away with the measurement unless the options name one. A provider in memory needs nothing. */
import { isAzureStorage, isServiceBus, openAzureHub, openBusHub } from './azure/hub.js'
import type { Hub, Setup } from './measurement.js'
import { isSqlite, openSqliteHub } from './sqlite/hub.js'

/** Several processes can work on one hub of it. */
export function isShared(setup: Setup): boolean {
  return isAzureStorage(setup) || isServiceBus(setup) || isSqlite(setup)
}

export async function openHub(setup: Setup): Promise<Hub> {
  if (isAzureStorage(setup)) return openAzureHub(setup)
  if (isServiceBus(setup)) return openBusHub(setup)
  if (isSqlite(setup)) return openSqliteHub(setup)
  return { options: setup.options, isOwn: false, close: async () => {} }
}
