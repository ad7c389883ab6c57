/** Checks shared access signatures against the one key of the namespace. Tokens of Entra ID cannot be checked here and are taken as they are. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { BrokerError } from '../broker/broker-error.js'
import type { Clock } from '../clock/clock.js'

export interface SharedAccessKey {
  readonly name: string
  readonly key: string
}

const unauthorized = (reason: string): BrokerError => new BrokerError('unauthorized', reason)

export class Authorizer {
  constructor(
    readonly accessKey: SharedAccessKey,
    /** Tokens are made by the clocks of clients. */
    readonly realClock: Clock,
  ) {}

  verifyKey(name: string, key: string): boolean {
    return name === this.accessKey.name && key === this.accessKey.key
  }

  /** The path that a token opens, in lower case, without slashes at its ends; empty for the whole namespace. */
  verifyToken(type: string, token: string, audience: string): string {
    if (type === 'jwt') return pathOf(audience)
    const fields = new Map(
      token.replace(/^SharedAccessSignature\s+/, '').split('&').map((field): [string, string] => {
        const split = field.indexOf('=')
        return [field.slice(0, split), field.slice(split + 1)]
      }),
    )
    const [resource, signature, expiry, name] = ['sr', 'sig', 'se', 'skn'].map((key) => fields.get(key) ?? '') as [string, string, string, string]
    if (resource === '' || signature === '') throw unauthorized('MalformedToken: The token is no shared access signature.')
    if (name !== this.accessKey.name || !this.#isSignature(signature, `${resource}\n${expiry}`)) throw unauthorized('InvalidSignature: The token has an invalid signature.')
    if (Number(expiry) * 1000 <= this.realClock.nowMs()) throw unauthorized('ExpiredToken: The token is expired.')
    const uri = decodeURIComponent(resource)
    // The administration client names the host alone.
    return pathOf(uri.includes('://') ? uri : `sb://${uri}`)
  }

  #isSignature(signature: string, text: string): boolean {
    const expected = createHmac('sha256', this.accessKey.key).update(text).digest()
    const given = Buffer.from(decodeURIComponent(signature), 'base64')
    return given.length === expected.length && timingSafeEqual(given, expected)
  }
}

/** Whether a token for `granted` opens `path`. */
export const covers = (granted: string, path: string): boolean => granted === '' || path === granted || path.startsWith(`${granted}/`)

export function pathOf(address: string): string {
  return address.replace(/[?#].*$/, '').replace(/^[a-z]+:\/\/[^/]*/i, '').replace(/^\/+|\/+$/g, '').toLowerCase()
}
