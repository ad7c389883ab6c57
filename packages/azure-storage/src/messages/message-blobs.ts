/**
 * The blobs with what does not fit into a queue message or a table cell: gzip of UTF-8, in the hub's container, which is made when it is first written to.
 * Invariant: writing is repeatable. A name is only ever used for one text, so that whoever writes it again changes nothing.
 */
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import type { ContainerClient } from '@azure/storage-blob'
import { dtfxError } from '@dtfx/core/provider'
import { blobPrefixesOf, isBlobOf } from '../rows/large-columns.js'
import { codeOf, outcomeOf, repeat, type RepeatHost } from '@dtfx/azure-common'

const compress = promisify(gzip)
const decompress = promisify(gunzip)
/** More than any payload; bounds what a damaged or hostile blob can unfold to. */
const maxTextBytes = 512 * 1024 * 1024

export class MessageBlobs {
  constructor(
    readonly container: ContainerClient,
    readonly host: RepeatHost,
  ) {}

  async put(name: string, text: string): Promise<void> {
    const body = await compress(Buffer.from(text, 'utf8'))
    const upload = async (): Promise<void> => {
      await this.container.getBlockBlobClient(name).upload(body, body.length, { blobHTTPHeaders: { blobContentType: 'application/octet-stream' } })
    }
    try {
      await repeat(`writing blob '${name}'`, this.host, upload)
    } catch (error) {
      if (codeOf(error) !== 'ContainerNotFound') throw error
      await repeat(`creating container '${this.container.containerName}'`, this.host, () => this.container.createIfNotExists())
      await repeat(`writing blob '${name}'`, this.host, upload)
    }
  }

  /** Undefined: there is no such blob. @throws DTFX_WIRE_INVALID if it holds no compressed text */
  async get(name: string, signal?: AbortSignal): Promise<string | undefined> {
    const body = await this.#download(name, signal)
    if (body === undefined) return undefined
    try {
      return (await decompress(body, { maxOutputLength: maxTextBytes })).toString('utf8')
    } catch (cause) {
      throw dtfxError('DTFX_WIRE_INVALID', { what: `blob '${name}'`, problem: cause instanceof Error ? cause.message : String(cause) }, cause)
    }
  }

  async delete(name: string): Promise<void> {
    try {
      await repeat(`deleting blob '${name}'`, this.host, () => this.container.getBlockBlobClient(name).delete())
    } catch (error) {
      if (outcomeOf(error) !== 'missing') throw error
    }
  }

  /** Names of the blobs of an instance, those of its messages and those of its rows. */
  async namesOf(instanceId: string): Promise<ReadonlySet<string>> {
    const names = new Set<string>()
    for (const prefix of blobPrefixesOf(instanceId)) {
      for (const name of await this.#list(prefix)) if (isBlobOf(instanceId, name)) names.add(name)
    }
    return names
  }

  async #list(prefix: string): Promise<readonly string[]> {
    try {
      return await repeat(`listing blobs '${prefix}'`, this.host, async () => {
        const names: string[] = []
        for await (const { name } of this.container.listBlobsFlat({ prefix })) names.push(name)
        return names
      })
    } catch (error) {
      if (outcomeOf(error) === 'missing') return []
      throw error
    }
  }

  async #download(name: string, signal: AbortSignal | undefined): Promise<Buffer | undefined> {
    try {
      return await repeat(
        `reading blob '${name}'`,
        this.host,
        async () => {
          const { readableStreamBody } = await this.container.getBlockBlobClient(name).download(0, undefined, signal === undefined ? {} : { abortSignal: signal })
          return await wholeOf(readableStreamBody)
        },
        signal,
      )
    } catch (error) {
      if (outcomeOf(error) === 'missing') return undefined
      throw error
    }
  }
}

/** In one request, where the SDK's download into a buffer asks for the size first. */
async function wholeOf(stream: NodeJS.ReadableStream | undefined): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream ?? []) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
