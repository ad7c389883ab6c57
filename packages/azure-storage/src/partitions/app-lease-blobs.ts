/**
 * Where the lease of a task hub is kept: on a container that holds one small blob, which says whose the lease is and who shall get it next. Laid out as .NET has it. All workers of an app use one lease id,
 * so that each of them acquires and renews the same lease.
 */
import type { Clock, Random } from '@dtfx/core/provider'
import { once, outcomeOf, readText, repeat } from '@dtfx/azure-common'
import type { StorageClients } from '../storage/storage-clients.js'

export interface AppLeaseBlobsOptions {
  readonly clients: StorageClients
  readonly host: { readonly clock: Clock; readonly random: Random }
  /** `{taskhub}-applease`. */
  readonly containerName: string
  /** `{taskhub}-appleaseinfo`. */
  readonly infoBlobName: string
}

interface AppLeaseInfo {
  readonly OwnerId?: string | null
  readonly DesiredSwapId?: string | null
}

export class AppLeaseBlobs {
  readonly #options: AppLeaseBlobsOptions

  constructor(options: AppLeaseBlobsOptions) {
    this.#options = options
  }

  /** Creates the container and the blob; what exists stays as it is. */
  async create(): Promise<void> {
    const { host } = this.#options
    const text = '{}'
    await repeat('creating the container of the app lease', host, () => this.#container().createIfNotExists())
    const upload = repeat('creating the blob of the app lease', host, () => this.#info().upload(text, text.length, { conditions: { ifNoneMatch: '*' } }))
    await upload.catch((error: unknown) => {
      if (outcomeOf(error) !== 'conflict') throw error
    })
  }

  /** Of a hub that goes: whoever holds the lease loses it. */
  async delete(): Promise<void> {
    const { host } = this.#options
    try {
      await repeat('deleting the container of the app lease', host, () => this.#container().delete()).catch(async (error: unknown) => {
        if (outcomeOf(error) !== 'conflict') throw error
        await repeat('breaking the app lease', host, () => this.#container().getBlobLeaseClient().breakLease(0))
        await repeat('deleting the container of the app lease', host, () => this.#container().delete())
      })
    } catch (error) {
      if (outcomeOf(error) !== 'missing') throw error
    }
  }

  /** False: another app holds it. A lease whose holder was asked to hand it over to us is taken over. @throws TransientError, AmbiguousCommitError, PermanentError, or the reason of `signal` */
  async acquire(leaseId: string, leaseMs: number, signal: AbortSignal): Promise<boolean> {
    const info = await this.#readInfo(signal)
    const swaps = sameId(info.DesiredSwapId, leaseId) && typeof info.OwnerId === 'string' && !sameId(info.OwnerId, leaseId)
    const changed = swaps && (await this.#held(() => this.#lease(info.OwnerId ?? '').changeLease(leaseId, { abortSignal: signal }), signal))
    if (!changed && !(await this.#held(() => this.#lease(leaseId).acquireLease(leaseMs / 1_000, { abortSignal: signal }), signal))) return false
    const next = { OwnerId: leaseId, DesiredSwapId: sameId(info.DesiredSwapId, leaseId) ? null : (info.DesiredSwapId ?? null) }
    if (!sameId(info.OwnerId, leaseId) || info.DesiredSwapId !== next.DesiredSwapId) {
      const text = JSON.stringify(next)
      await repeat('writing the blob of the app lease', this.#options.host, () => this.#info().upload(text, text.length, { abortSignal: signal }), signal)
    }
    return true
  }

  /** False: it is lost. @throws as `acquire` */
  renew(leaseId: string, signal: AbortSignal): Promise<boolean> {
    return this.#held(() => this.#lease(leaseId).renewLease({ abortSignal: signal }), signal)
  }

  async #held(send: () => Promise<unknown>, signal: AbortSignal): Promise<boolean> {
    try {
      await once('asking for the app lease', send)
      return true
    } catch (error) {
      if (signal.aborted) throw signal.reason
      const outcome = outcomeOf(error)
      if (outcome === 'conflict' || outcome === 'missing') return false
      throw error
    }
  }

  async #readInfo(signal: AbortSignal): Promise<AppLeaseInfo> {
    const { host } = this.#options
    try {
      return infoOf(await repeat('reading the blob of the app lease', host, () => readText(this.#info(), signal), signal))
    } catch (error) {
      if (signal.aborted || outcomeOf(error) !== 'missing') throw error
      await this.create()
      return {}
    }
  }

  #container(): ReturnType<StorageClients['container']> {
    return this.#options.clients.container(this.#options.containerName)
  }

  #info(): ReturnType<ReturnType<StorageClients['container']>['getBlockBlobClient']> {
    return this.#container().getBlockBlobClient(this.#options.infoBlobName)
  }

  #lease(leaseId: string): ReturnType<ReturnType<StorageClients['container']>['getBlobLeaseClient']> {
    return this.#container().getBlobLeaseClient(leaseId)
  }
}

/** The blob is a note; the lease is the truth. What cannot be read counts as empty, and is written anew by the next owner. */
function infoOf(text: string): AppLeaseInfo {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

function sameId(a: unknown, b: string): boolean {
  return typeof a === 'string' && a.toLowerCase() === b.toLowerCase()
}
