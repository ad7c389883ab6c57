/** Options of the provider: names, units and defaults. Defaults are those of .NET unless a comment says why not, because .NET clients may use the same task hub. */
import type { TokenCredential } from '@azure/core-auth'
import { accountFromConnectionString, accountFromName, type StorageAccount } from '@dtfx/azure-common'
import { dtfxError, parseSettings, setting, type OptionsOf, type SettingsOf } from '@dtfx/core/provider'

const source = 'options of @dtfx/service-bus'
/** Both emulators on this machine. */
const emulator = 'Endpoint=sb://127.0.0.1:5672;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true'
const storageEmulator = 'UseDevelopmentStorage=true'

function isTokenCredential(value: unknown): value is TokenCredential {
  return typeof value === 'object' && value !== null && typeof (value as { getToken?: unknown }).getToken === 'function'
}

const schema = {
  /** Of the namespace; instead of `namespace` and `credential`. Without any of them: an emulator on this machine. */
  connectionString: setting.text({ pattern: /(^|;)\s*Endpoint\s*=\s*sb:\/\//i, hint: 'a connection string of a namespace, like "Endpoint=sb://…;SharedAccessKeyName=…;SharedAccessKey=…"' }),
  /** Host name of the namespace. Needs `credential`. */
  namespace: setting.text({ pattern: /^[A-Za-z0-9][A-Za-z0-9.-]+$/, hint: 'the host name of a namespace, like "orders.servicebus.windows.net"' }),
  /** A credential of `@azure/identity`, or anything with `getToken`: for the namespace, and for the storage account if that is given by name. */
  credential: setting.custom(isTokenCredential, 'a TokenCredential'),
  /** Letters and digits, a letter first: it becomes part of the names of queues, tables and containers. */
  taskHub: setting.text({ default: 'Default', pattern: /^[A-Za-z][A-Za-z0-9]{2,38}$/, hint: 'a name of 3 to 39 letters and digits that begins with a letter' }),
  /** Without one there are no queries, no histories, no states, and ids are not unique. */
  instanceStore: setting.flag({ default: true }),
  /** Account of the instance store and of what is too large for a message. Default: an emulator on this machine. */
  storageConnectionString: setting.text(),
  storageAccountName: setting.text({ pattern: /^[a-z0-9]{3,24}$/, hint: 'the name of a storage account, 3 to 24 lower-case letters and digits' }),
  /** Of queues that this provider creates, and the longest that it relies on where others created them. */
  lockDuration: setting.duration({ default: '60s', minMs: 1_000, maxMs: 300_000 }),
  /** A request without an answer after this is given up; it may have had an effect all the same. Less than the lock. */
  requestTimeout: setting.duration({ default: '20s', minMs: 200 }),
  /** How long one wait for a session lasts, before it is asked for again. */
  acceptTimeout: setting.duration({ default: '60s', minMs: 1_000 }),
  /** Sessions that a worker waits for at once, and messages for activities likewise. */
  acceptors: setting.integer({ default: 4, min: 1, max: 64 }),
  /** A worker runs activities that it scheduled itself, as far as it has free slots. */
  localActivities: setting.flag({ default: true }),
  /** How often a worker looks for starts that were recorded but not sent. .NET: 5 s. */
  jumpStartInterval: setting.duration({ default: '30s', minMs: 100 }),
  /** .NET clients start instances on this hub as well, or .NET workers ran it before: then a start looks at their rows too. */
  dotnetClients: setting.flag({ default: false }),
} as const

export type ServiceBusOptions = OptionsOf<typeof schema>

/** How the namespace is reached. */
export type BusAccess = { readonly kind: 'connectionString'; readonly connectionString: string } | { readonly kind: 'token'; readonly namespace: string; readonly credential: TokenCredential }

type Read = SettingsOf<typeof schema>

export interface ServiceBusSettings extends Omit<Read, 'connectionString' | 'namespace' | 'credential' | 'storageConnectionString' | 'storageAccountName' | 'instanceStore'> {
  readonly access: BusAccess
  /** Undefined: without an instance store. */
  readonly account: StorageAccount | undefined
}

/** The host of the namespace: no secrets. */
export function namespaceOf(access: BusAccess): string {
  if (access.kind === 'token') return access.namespace
  const { host } = new URL((/(?:^|;)\s*Endpoint\s*=\s*([^;]+)/i.exec(access.connectionString)?.[1] ?? 'sb://localhost').trim().replace(/^sb:/i, 'http:'))
  return host
}

/** @throws DTFX_CONFIG_INVALID */
export function readSettings(options: ServiceBusOptions): ServiceBusSettings {
  const { connectionString, namespace, credential, storageConnectionString, storageAccountName, instanceStore, ...rest } = parseSettings(schema, options, source)
  if (rest.requestTimeout >= rest.lockDuration) refuse('requestTimeout', `is ${rest.requestTimeout} ms; give less than lockDuration (${rest.lockDuration} ms)`)
  const access = accessOf({ connectionString, namespace, credential })
  if (!instanceStore) {
    if (storageConnectionString !== undefined || storageAccountName !== undefined) refuse('instanceStore', 'is false, but a storage account is given; leave one of the two out')
    return { ...rest, access, account: undefined }
  }
  return { ...rest, access, account: accountOf({ storageConnectionString, storageAccountName, credential }) }
}

function accessOf({ connectionString, namespace, credential }: Pick<Read, 'connectionString' | 'namespace' | 'credential'>): BusAccess {
  if (namespace === undefined) return { kind: 'connectionString', connectionString: connectionString ?? emulator }
  if (connectionString !== undefined) return refuse('connectionString', 'is given beside namespace; give one or the other')
  if (credential === undefined) return refuse('credential', 'is missing; give a TokenCredential, for example of @azure/identity, or use connectionString')
  return { kind: 'token', namespace, credential }
}

function accountOf({ storageConnectionString, storageAccountName, credential }: Pick<Read, 'storageConnectionString' | 'storageAccountName' | 'credential'>): StorageAccount {
  if (storageAccountName === undefined) {
    const read = accountFromConnectionString(storageConnectionString ?? storageEmulator)
    return 'problem' in read ? refuse('storageConnectionString', read.problem) : read.account
  }
  if (storageConnectionString !== undefined) return refuse('storageConnectionString', 'is given beside storageAccountName; give one or the other')
  if (credential === undefined) return refuse('credential', 'is missing; give a TokenCredential for the storage account, or use storageConnectionString')
  return accountFromName(storageAccountName, credential)
}

function refuse(key: string, problem: string): never {
  throw dtfxError('DTFX_CONFIG_INVALID', { source, key, problem })
}
