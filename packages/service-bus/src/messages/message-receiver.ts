/** What a received message is: one for us, or one that nobody can read. Fetches what is in a blob. */
import type { ServiceBusReceivedMessage } from '@azure/service-bus'
import { contentOf, decodeBody, propertyNames, type MessageContent } from './bus-message.js'
import { isGzip, unzipText, type HubBlobs } from './hub-blobs.js'
import { DurableError } from '@dtfx/core/provider'

export type Received = { readonly kind: 'message'; readonly content: MessageContent } | { readonly kind: 'unreadable'; readonly code: string; readonly reason: string }

/** At once where nothing has to be fetched or decompressed: messages that come together stay together. @throws when its blob cannot be read just now */
export function receivedMessage(raw: ServiceBusReceivedMessage, blobs: HubBlobs | undefined): Received | Promise<Received> {
  const { [propertyNames.compression]: compression, [propertyNames.blobKey]: blobKey } = raw.applicationProperties ?? {}
  const kind = typeof compression === 'string' ? compression.toLowerCase() : ''
  if (kind !== 'none' && kind !== 'gzip') return unreadable(`the property ${propertyNames.compression} is '${String(compression ?? '')}': bodies of .NET's oldest format are not read`)
  if (kind === 'none' && (blobKey === undefined || blobKey === '')) return decoded(raw, bytesOf(raw.body).toString('utf8'))
  return fetched(raw, kind, typeof blobKey === 'string' ? blobKey : '', blobs)
}

async function fetched(raw: ServiceBusReceivedMessage, kind: 'none' | 'gzip', blobKey: string, blobs: HubBlobs | undefined): Promise<Received> {
  try {
    const bytes = blobKey === '' ? bytesOf(raw.body) : await blobs?.get(blobKey)
    if (bytes === undefined) return unreadable(blobs === undefined ? 'it is in a blob, and there is no storage account' : `its blob '${blobKey}' does not exist`)
    if (kind === 'none') return decoded(raw, bytes.toString('utf8'))
    return isGzip(bytes) ? decoded(raw, await unzipText(bytes, 'the body')) : unreadable('its body is not compressed, though it says so')
  } catch (error) {
    if (DurableError.is(error, 'DTFX_WIRE_INVALID')) return unreadable(error.message)
    throw error
  }
}

function decoded(raw: ServiceBusReceivedMessage, json: string): Received {
  const read = decodeBody(json)
  return 'problem' in read ? { kind: 'unreadable', code: read.code, reason: read.problem } : { kind: 'message', content: contentOf(raw, read.message) }
}

function unreadable(reason: string): Received {
  return { kind: 'unreadable', code: 'DTFX_WIRE_INVALID', reason }
}

/** The SDK gives a data section as it is, and what was sent in other ways decoded. */
function bytesOf(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body
  return Buffer.from(typeof body === 'string' ? body : (JSON.stringify(body) ?? ''), 'utf8')
}
