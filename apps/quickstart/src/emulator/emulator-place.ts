/** Whether a storage account is an emulator on this machine, and on which ports. Pure. */

export interface EmulatorPlace {
  readonly host: string
  readonly ports: { readonly blob: number; readonly queue: number; readonly table: number }
}

/** Of an account, what AzureStorageService tells. */
export interface AccountPlace {
  readonly accountName: string
  readonly blobUrl: string
  readonly queueUrl: string
  readonly tableUrl: string
}

const localHosts: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost'])

/** Undefined: an account elsewhere. */
export function emulatorPlaceOf({ accountName, blobUrl, queueUrl, tableUrl }: AccountPlace): EmulatorPlace | undefined {
  const urls = [blobUrl, queueUrl, tableUrl].map((url) => new URL(url))
  const [blob, queue, table] = urls.map(({ port }) => Number(port))
  const [first] = urls
  const isLocal = urls.every(({ protocol, hostname, port }) => protocol === 'http:' && localHosts.has(hostname) && port !== '')
  if (accountName !== 'devstoreaccount1' || !isLocal || first === undefined) return undefined
  return { host: first.hostname, ports: { blob: blob ?? 0, queue: queue ?? 0, table: table ?? 0 } }
}
