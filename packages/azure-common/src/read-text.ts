/** Reads a small blob with one request (the SDK's own download into memory asks for the size first). */
import type { BlobClient } from '@azure/storage-blob'

/** UTF-8, without the byte order mark that .NET may have written. @throws the SDK's error */
export async function readText(blob: BlobClient, signal?: AbortSignal): Promise<string> {
  const { readableStreamBody } = await blob.download(0, undefined, signal === undefined ? {} : { abortSignal: signal })
  const parts: Buffer[] = []
  for await (const part of readableStreamBody ?? []) parts.push(Buffer.from(part))
  return Buffer.concat(parts).toString('utf8').replace(/^\uFEFF/, '')
}
