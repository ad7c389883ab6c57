/**
 * Blobs of a hub: bodies of messages and states of sessions that are too large, under keys as .NET has them (`message-20240506|<name>`), and texts of instances that a table cannot hold.
 * Invariant: a name is only ever used for one content, so that whoever writes it again changes nothing.
 */
import type { ContainerClient } from '@azure/storage-blob'
import { codeOf, outcomeOf, repeat, type AccountClients, type RepeatHost } from '@dtfx/azure-common'
import { dtfxError, type Ticks } from '@dtfx/core/provider'
import { gunzipBytes, gzipBytes } from './gzip-bytes.js'

/** Bounds what a damaged or hostile blob can unfold to. */
const maxTextBytes = 512 * 1024 * 1024
const keyPattern = /^([a-z0-9\\-]+)\|([\s\S]+)$/
const instanceSuffix = 'instances'

export class HubBlobs {
  constructor(
    readonly clients: AccountClients,
    readonly containerPrefix: string,
    readonly host: RepeatHost,
  ) {}

  async put(key: string, bytes: Buffer): Promise<void> {
    const [container, name] = this.#placeOf(key)
    const upload = async (): Promise<void> => {
      await container.getBlockBlobClient(name).upload(bytes, bytes.length, { blobHTTPHeaders: { blobContentType: 'application/octet-stream' } })
    }
    try {
      await repeat(`writing blob '${key}'`, this.host, upload)
    } catch (error) {
      if (codeOf(error) !== 'ContainerNotFound') throw error
      await repeat(`creating container '${container.containerName}'`, this.host, () => container.createIfNotExists())
      await repeat(`writing blob '${key}'`, this.host, upload)
    }
  }

  /** Undefined: there is no such blob. */
  async get(key: string): Promise<Buffer | undefined> {
    const [container, name] = this.#placeOf(key)
    try {
      return await repeat(`reading blob '${key}'`, this.host, async () => {
        const { readableStreamBody } = await container.getBlockBlobClient(name).download()
        const chunks: Buffer[] = []
        for await (const chunk of readableStreamBody ?? []) chunks.push(chunk as Buffer)
        return Buffer.concat(chunks)
      })
    } catch (error) {
      if (outcomeOf(error) === 'missing') return undefined
      throw error
    }
  }

  async delete(key: string): Promise<void> {
    const [container, name] = this.#placeOf(key)
    try {
      await repeat(`deleting blob '${key}'`, this.host, () => container.getBlockBlobClient(name).delete())
    } catch (error) {
      if (outcomeOf(error) !== 'missing') throw error
    }
  }

  /** A text of an instance; its key. */
  async putText(name: string, text: string): Promise<string> {
    const key = `${instanceSuffix}|${name}`
    await this.put(key, await gzipBytes(Buffer.from(text, 'utf8')))
    return key
  }

  /** @throws DTFX_WIRE_INVALID when it is not there, or no compressed text */
  async getText(key: string): Promise<string> {
    const bytes = await this.get(key)
    if (bytes === undefined) throw dtfxError('DTFX_WIRE_INVALID', { what: `blob '${key}'`, problem: 'it does not exist' })
    return unzipText(bytes, `blob '${key}'`)
  }

  /** Deletes the texts of an instance whose names begin with `prefix`. */
  async deleteTexts(prefix: string): Promise<void> {
    const container = this.#container(instanceSuffix)
    const names: string[] = []
    try {
      await repeat(`listing blobs '${prefix}'`, this.host, async () => {
        names.length = 0
        for await (const { name } of container.listBlobsFlat({ prefix })) names.push(name)
      })
    } catch (error) {
      if (outcomeOf(error) !== 'missing') throw error
    }
    await Promise.all(names.map((name) => this.delete(`${instanceSuffix}|${name}`)))
  }

  #placeOf(key: string): readonly [ContainerClient, string] {
    const [, suffix, name] = keyPattern.exec(key) ?? []
    if (suffix === undefined || name === undefined) throw dtfxError('DTFX_WIRE_INVALID', { what: `blob key '${key.slice(0, 100)}'`, problem: 'it has not the form <container>|<name>' })
    return [this.#container(suffix), name]
  }

  #container(suffix: string): ContainerClient {
    return this.clients.container(`${this.containerPrefix}-${suffix}`)
  }
}

/** `20240506` of a time: containers are by day, so that old ones can be dropped as a whole. */
export function dayOf(ticks: Ticks): string {
  return ticks.slice(0, 10).replaceAll('-', '')
}

/** @throws DTFX_WIRE_INVALID */
export async function unzipText(bytes: Buffer, what: string): Promise<string> {
  try {
    return (await gunzipBytes(bytes, maxTextBytes)).toString('utf8')
  } catch (cause) {
    throw dtfxError('DTFX_WIRE_INVALID', { what, problem: cause instanceof Error ? cause.message : String(cause) }, cause)
  }
}

export function isGzip(bytes: Buffer): boolean {
  return bytes.length >= 10 && bytes[0] === 0x1f && bytes[1] === 0x8b
}
