/**
 * Where a storage account is and how one proves who one is: from a connection string, or from a name and a TokenCredential. Pure; opens nothing.
 * Invariant: what is wrong with it is told without showing the key.
 */
import type { TokenCredential } from '@azure/core-auth'

/** How requests are signed. `sas` is a query string without the question mark. */
export type StorageAccess =
  | { readonly kind: 'key'; readonly accountName: string; readonly accountKey: string }
  | { readonly kind: 'sas'; readonly sas: string }
  | { readonly kind: 'token'; readonly credential: TokenCredential }

/** Endpoints without a slash at the end. */
export interface AccountPlace {
  /** For logs and messages. */
  readonly accountName: string
  readonly queueUrl: string
  readonly tableUrl: string
  readonly blobUrl: string
}

export interface StorageAccount extends AccountPlace {
  readonly access: StorageAccess
}

/** The account and the key that every storage emulator has: public, and the same everywhere. */
const developmentAccount = 'devstoreaccount1'
const developmentKey = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='

/** A problem is the rest of a sentence that begins with the key of the option. */
export type AccountOrProblem = { readonly account: StorageAccount } | { readonly problem: string }

/** Of `Key=value;…` as the Azure portal shows it. Keys are compared without case. */
export function accountFromConnectionString(text: string): AccountOrProblem {
  const parts = new Map<string, string>()
  for (const part of text.split(';')) {
    if (part.trim() === '') continue
    const at = part.indexOf('=')
    if (at < 1) return { problem: 'is no connection string; give text like "DefaultEndpointsProtocol=https;AccountName=…;AccountKey=…"' }
    parts.set(part.slice(0, at).trim().toLowerCase(), part.slice(at + 1).trim())
  }
  if (parts.get('usedevelopmentstorage')?.toLowerCase() === 'true') return { account: developmentStorage(parts.get('developmentstorageproxyuri')) }
  return accountOf(parts)
}

/** Of a public account by name; `endpointSuffix` is that of the cloud. */
export function accountFromName(accountName: string, credential: TokenCredential, endpointSuffix = 'core.windows.net'): StorageAccount {
  const url = (service: string): string => `https://${accountName}.${service}.${endpointSuffix}`
  return { accountName, queueUrl: url('queue'), tableUrl: url('table'), blobUrl: url('blob'), access: { kind: 'token', credential } }
}

/** The three ports of an emulator on this machine, or behind `proxyUri`. */
function developmentStorage(proxyUri = 'http://127.0.0.1'): StorageAccount {
  const url = (port: number): string => `${trimSlash(proxyUri)}:${port}/${developmentAccount}`
  const access = { kind: 'key', accountName: developmentAccount, accountKey: developmentKey } as const
  return { accountName: developmentAccount, blobUrl: url(10_000), queueUrl: url(10_001), tableUrl: url(10_002), access }
}

function accountOf(parts: ReadonlyMap<string, string>): AccountOrProblem {
  const accountName = parts.get('accountname')
  const accountKey = parts.get('accountkey')
  const sas = parts.get('sharedaccesssignature')
  const url = (service: 'queue' | 'table' | 'blob'): string | undefined => {
    const given = parts.get(`${service}endpoint`)
    if (given !== undefined) return trimSlash(given)
    if (accountName === undefined) return undefined
    return `${parts.get('defaultendpointsprotocol') ?? 'https'}://${accountName}.${service}.${parts.get('endpointsuffix') ?? 'core.windows.net'}`
  }
  const [queueUrl, tableUrl, blobUrl] = [url('queue'), url('table'), url('blob')]
  if (queueUrl === undefined || tableUrl === undefined || blobUrl === undefined) return { problem: 'has no AccountName; give one, or QueueEndpoint, TableEndpoint and BlobEndpoint' }
  const name = accountName ?? nameFromUrl(queueUrl)
  if (sas !== undefined) return { account: { accountName: name, queueUrl, tableUrl, blobUrl, access: { kind: 'sas', sas: sas.replace(/^\?/, '') } } }
  if (accountName === undefined || accountKey === undefined) return { problem: 'has neither AccountKey nor SharedAccessSignature; give one, or use accountName with a credential' }
  return { account: { accountName, queueUrl, tableUrl, blobUrl, access: { kind: 'key', accountName, accountKey } } }
}

function nameFromUrl(url: string): string {
  return /^https?:\/\/([^./:]+)/.exec(url)?.[1] ?? url
}

function trimSlash(url: string): string {
  return url.endsWith('/') ? url.slice(0, -1) : url
}
