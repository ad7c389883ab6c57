/** Circumstances under which the whole suite is repeated: what a provider does must not depend on what the worker keeps in memory or what is wrapped around it. */
import { randomBytes } from 'node:crypto'
import { aes256GcmCodec, gzipCodec, withPayloads, type OrchestrationService, type TaskHubWorkerOptions } from '@dtfx/core'

export const variantNames = ['plain', 'cache off', 'local activities off', '3 workers', 'with middleware', 'with a codec'] as const
export type VariantName = (typeof variantNames)[number]

export interface Variant {
  readonly worker: TaskHubWorkerOptions
  /** Workers that run side by side where a test starts one. */
  readonly workers: number
  readonly localActivities: boolean
  wrap(service: OrchestrationService): OrchestrationService
}

export function variant(name: VariantName): Variant {
  const plain = { worker: {}, workers: 1, localActivities: true }
  const same = (service: OrchestrationService): OrchestrationService => service
  switch (name) {
    case 'plain':
      return { ...plain, wrap: same }
    case 'cache off':
      return { ...plain, worker: { cache: false }, wrap: same }
    case 'local activities off':
      return { ...plain, localActivities: false, wrap: same }
    case '3 workers':
      return { ...plain, workers: 3, wrap: same }
    case 'with middleware':
      return { ...plain, worker: { middleware: { orchestration: [(_ctx, next) => next()], activity: [async (_ctx, next) => next()] } }, wrap: same }
    case 'with a codec':
      return { ...plain, wrap: (service) => withPayloads(service, { codecs: [gzipCodec({ minBytes: 1 }), aes256GcmCodec({ keys: { k: randomBytes(32) }, activeKey: 'k' })], digestKey: randomBytes(32) }) }
  }
}
