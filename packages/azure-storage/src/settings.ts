/** Options of the provider: names, units and defaults. Defaults are those of .NET unless a comment says why not, because both may work on one task hub. */
import { dtfxError, parseSettings, setting, type OptionsOf, type SettingsOf } from '@dtfx/core/provider'
import type { TokenCredential } from '@azure/core-auth'
import { accountFromConnectionString, accountFromName, defaultRequestTimeoutMs, type StorageAccount } from '@dtfx/azure-common'

const source = 'options of @dtfx/azure-storage'
const emulator = 'UseDevelopmentStorage=true'

function isTokenCredential(value: unknown): value is TokenCredential {
  return typeof value === 'object' && value !== null && typeof (value as { getToken?: unknown }).getToken === 'function'
}

const schema = {
  /** Of the storage account; instead of `accountName` and `credential`. Without any of them: `UseDevelopmentStorage=true`, an emulator on this machine. */
  connectionString: setting.text(),
  accountName: setting.text({ pattern: /^[a-z0-9]{3,24}$/, hint: 'the name of a storage account, 3 to 24 lower-case letters and digits' }),
  /** A credential of `@azure/identity`, or anything with `getToken`. Needs `accountName`. */
  credential: setting.custom(isTokenCredential, 'a TokenCredential'),
  /** Of another cloud than the public one. */
  endpointSuffix: setting.text({ default: 'core.windows.net' }),
  /** Letters and digits, a letter first: it becomes part of the names of tables and queues. */
  taskHub: setting.text({ default: 'Default', pattern: /^[A-Za-z][A-Za-z0-9]{2,44}$/, hint: 'a name of 3 to 45 letters and digits that begins with a letter' }),
  /** Control queues, 1 to 16. The same for everybody on the hub, for ever. */
  partitionCount: setting.integer({ default: 4, min: 1, max: 16 }),
  /** How long a message for an orchestration is hidden from others while somebody has it. */
  controlQueueLock: setting.duration({ default: '5m', minMs: 1_000, maxMs: 86_400_000 }),
  /** The same for activities; renewed while one runs. */
  workItemLock: setting.duration({ default: '5m', minMs: 1_000, maxMs: 86_400_000 }),
  /** The longest pause between two looks at an idle queue. Messages sent by the same service wake its pollers at once. */
  maxPollingInterval: setting.duration({ default: '30s', minMs: 50 }),
  /** Messages for orchestrations that are fetched ahead, at most. .NET: 64, which keeps its batches small. */
  maxPrefetchedMessages: setting.integer({ default: 256, min: 32, max: 10_000 }),
  /** A request without an answer after this is given up; it may have had an effect all the same. Less than the locks. */
  requestTimeout: setting.duration({ default: defaultRequestTimeoutMs, minMs: 500 }),
  /** Requests under way at once, at most. */
  maxConcurrentRequests: setting.integer({ default: 64, min: 1, max: 1_000 }),
  /** A worker runs activities that it scheduled itself, as far as it has free slots. */
  localActivities: setting.flag({ default: true }),
  /** Only workers of one app own partitions at a time; `appName` tells apps apart. */
  appLease: setting.flag({ default: true }),
  appName: setting.text({ default: '', allowEmpty: true }),
  leaseInterval: setting.duration({ default: '30s', minMs: 2_000 }),
  leaseRenewInterval: setting.duration({ default: '10s', minMs: 500 }),
} as const

export type AzureStorageOptions = OptionsOf<typeof schema>

export interface AzureStorageSettings extends Omit<SettingsOf<typeof schema>, 'connectionString' | 'accountName' | 'credential' | 'endpointSuffix'> {
  readonly account: StorageAccount
}

/** @throws DTFX_CONFIG_INVALID */
export function readSettings(options: AzureStorageOptions): AzureStorageSettings {
  const { connectionString, accountName, credential, endpointSuffix, ...rest } = parseSettings(schema, options, source)
  const refuse = (key: string, problem: string): never => {
    throw dtfxError('DTFX_CONFIG_INVALID', { source, key, problem })
  }
  if (rest.leaseRenewInterval * 2 > rest.leaseInterval) refuse('leaseRenewInterval', `is ${rest.leaseRenewInterval} ms; give at most half of leaseInterval (${rest.leaseInterval} ms)`)
  if (connectionString !== undefined || (accountName === undefined && credential === undefined)) {
    if (accountName !== undefined || credential !== undefined) refuse('connectionString', 'is given beside accountName or credential; give one or the other')
    const read = accountFromConnectionString(connectionString ?? emulator)
    return 'problem' in read ? refuse('connectionString', read.problem) : { ...rest, account: read.account }
  }
  if (accountName === undefined) return refuse('accountName', 'is missing; give the name of the account that the credential is for')
  if (credential === undefined) return refuse('credential', 'is missing; give a TokenCredential, for example of @azure/identity, or use connectionString')
  return { ...rest, account: accountFromName(accountName, credential, endpointSuffix) }
}
