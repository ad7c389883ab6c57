/**
 * Signs requests to tables with the key of the account (SharedKeyLite, as "Authorize with Shared Key" of the Azure Storage REST API describes it for tables). The SDK's own signature decodes the key and makes a key object for every
 * request, which takes six times as long.
 * Invariant: the time that is signed is real time, whatever clock the host has.
 */
import { createHmac, createSecretKey } from 'node:crypto'
import type { TableServiceClientOptions } from '@azure/data-tables'
import { systemClock } from '@dtfx/core/provider'

type Policy = NonNullable<TableServiceClientOptions['additionalPolicies']>[number]['policy']

/** `accountKey`: base64. */
export function tableSignature({ accountName, accountKey }: { readonly accountName: string; readonly accountKey: string }): Policy {
  const key = createSecretKey(accountKey, 'base64')
  return {
    name: 'dtfxTableSignature',
    sendRequest(request, next) {
      const date = new Date(systemClock.nowMs()).toUTCString()
      const { pathname, searchParams } = new URL(request.url)
      const comp = searchParams.get('comp')
      const resource = `/${accountName}${pathname}${comp === null ? '' : `?comp=${comp}`}`
      const signature = createHmac('sha256', key).update(`${date}\n${resource}`).digest('base64')
      request.headers.set('x-ms-date', date)
      request.headers.set('authorization', `SharedKeyLite ${accountName}:${signature}`)
      return next(request)
    },
  }
}
