/** Lock tokens: 32 hexadecimal digits in the broker, a uuid in requests, the bytes of a .NET Guid in delivery tags. */
import { randomBytes } from 'node:crypto'

/** Unique in this process and, by its random half, among processes. */
export function createTokenSource(): () => string {
  const prefix = randomBytes(8).toString('hex')
  let count = 0
  return () => prefix + (++count).toString(16).padStart(16, '0')
}

/** The first three groups of a Guid are little-endian. */
export function tagOf(token: string): Buffer {
  const bytes = Buffer.from(token, 'hex')
  bytes.subarray(0, 4).reverse()
  bytes.subarray(4, 6).reverse()
  bytes.subarray(6, 8).reverse()
  return bytes
}

export const uuidOf = (token: string): Buffer => Buffer.from(token, 'hex')
export const tokenOf = (uuid: Buffer): string => uuid.toString('hex')
