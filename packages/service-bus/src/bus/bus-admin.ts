/** Creates, deletes and counts queues. The SDK's client speaks https only; an emulator without a certificate speaks http on the same port. */
import { ServiceBusAdministrationClient } from '@azure/service-bus'
import { AmbiguousCommitError, backoffMs, sleep, TransientError, type Clock, type Random } from '@dtfx/core/provider'
import type { BusAccess } from '../settings.js'

export interface QueuePlan {
  readonly name: string
  readonly requiresSession: boolean
  readonly requiresDuplicateDetection: boolean
}

export interface QueueCount {
  readonly active: number
}

interface AdminFailure {
  readonly statusCode?: number
  readonly code?: string
}

/** Some 15 s: a namespace that throttles asks for 10. */
const maxTries = 8
/** A namespace that is not reached, because it starts beside us, say, is waited for so long. */
const unreachedMs = 60_000
/** The connection was never made. */
const unreached: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN'])
const retry = { firstMs: 200, maxMs: 5_000 }
/** .NET's own, but for the lock. */
const maxDeliveryCount = 10
const maxSizeInMegabytes = 1_024
/** What the SDK says where the broker answered otherwise: with an empty feed for a queue that is missing. */
const expectedCodes: Readonly<Record<number, string>> = { 404: 'MessageEntityNotFoundError', 409: 'MessageEntityAlreadyExistsError' }
const duplicateWindow = 'PT4H'
/** What is asked again is asked again here: the SDK's own tries would multiply ours. */
const noRetries = { retryOptions: { maxRetries: 0 } }

export class BusAdmin {
  #client: ServiceBusAdministrationClient | undefined

  constructor(
    readonly access: BusAccess,
    readonly host: { readonly clock: Clock; readonly random: Random },
  ) {}

  /** One that is there stays as it is. */
  async create({ name, requiresSession, requiresDuplicateDetection }: QueuePlan, lockMs: number): Promise<void> {
    const options = { requiresSession, requiresDuplicateDetection, duplicateDetectionHistoryTimeWindow: duplicateWindow, maxDeliveryCount, maxSizeInMegabytes, lockDuration: `PT${Math.max(1, Math.round(lockMs / 1_000))}S` }
    await this.#ask(`creating queue '${name}'`, (client) => client.createQueue(name, options), 409)
  }

  async delete(name: string): Promise<void> {
    await this.#ask(`deleting queue '${name}'`, (client) => client.deleteQueue(name), 404)
  }

  async exists(name: string): Promise<boolean> {
    return (await this.#ask(`looking for queue '${name}'`, (client) => client.getQueueRuntimeProperties(name), 404)) !== undefined
  }

  async count(name: string): Promise<QueueCount> {
    const counts = await this.#ask(`counting queue '${name}'`, (client) => client.getQueueRuntimeProperties(name), 404)
    return { active: counts?.activeMessageCount ?? 0 }
  }

  /** Undefined: the answer was `expected`. */
  async #ask<T>(what: string, request: (client: ServiceBusAdministrationClient) => Promise<T>, expected: number): Promise<T | undefined> {
    this.#client ??= adminClient(this.access)
    const { clock, random } = this.host
    const sinceMs = clock.monotonicMs()
    for (let tried = 1; ; tried++) {
      try {
        return await request(this.#client)
      } catch (error) {
        const { statusCode, code } = error as AdminFailure
        if (statusCode === expected || code === expectedCodes[expected]) return undefined
        const isPassing = statusCode === undefined || statusCode >= 500 || statusCode === 408 || statusCode === 409 || statusCode === 429
        const isWaitedFor = unreached.has(code ?? '') && clock.monotonicMs() - sinceMs < unreachedMs
        if (!isPassing || (tried >= maxTries && !isWaitedFor)) throw statusCode === undefined ? new AmbiguousCommitError(what, String((error as Error).message), error) : new TransientError(what, `the namespace answered ${statusCode}`, error)
        await sleep(clock, backoffMs(retry, tried, random))
      }
    }
  }
}

function adminClient(access: BusAccess): ServiceBusAdministrationClient {
  if (access.kind === 'token') return new ServiceBusAdministrationClient(access.namespace, access.credential, noRetries)
  const admin = new ServiceBusAdministrationClient(access.connectionString, noRetries)
  if (/UseDevelopmentEmulator\s*=\s*true/i.test(access.connectionString)) {
    admin.pipeline.addPolicy({
      name: 'dtfxPlainHttp',
      sendRequest: (request, next) => {
        request.url = request.url.replace(/^https:/, 'http:')
        request.allowInsecureConnection = true
        return next(request)
      },
    })
  }
  return admin
}
