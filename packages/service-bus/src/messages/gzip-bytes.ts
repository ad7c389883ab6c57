/** Compresses and decompresses. What is small is done at once: to hand it to another thread costs several times as much as the work itself. */
import { promisify } from 'node:util'
import { gunzip, gunzipSync, gzip, gzipSync, type ZlibOptions } from 'node:zlib'

const compressLarge = promisify(gzip)
const decompressLarge = promisify(gunzip)
const smallBytes = 32 * 1024
/** Of what is decompressed at once; more than that is the work of another thread. */
const smallUnfoldedBytes = 1024 * 1024

export function gzipBytes(bytes: Buffer, options: ZlibOptions = {}): Buffer | Promise<Buffer> {
  return bytes.length <= smallBytes ? gzipSync(bytes, options) : compressLarge(bytes, options)
}

/** @throws the error of zlib: it is not compressed, damaged, or unfolds to more than `maxBytes` */
export function gunzipBytes(bytes: Buffer, maxBytes: number): Buffer | Promise<Buffer> {
  if (bytes.length <= smallBytes) {
    try {
      return gunzipSync(bytes, { maxOutputLength: smallUnfoldedBytes })
    } catch (error) {
      if ((error as { readonly code?: unknown }).code !== 'ERR_BUFFER_TOO_LARGE') throw error
    }
  }
  return decompressLarge(bytes, { maxOutputLength: maxBytes })
}
