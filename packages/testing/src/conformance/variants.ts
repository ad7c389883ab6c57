/** Circumstances under which the whole suite is repeated: what a provider does must not depend on what the worker keeps in memory or what is wrapped around it. */
import { randomBytes } from 'node:crypto'
import { aes256GcmCodec, gzipCodec, withPayloads, type OrchestrationService, type TaskHubWorkerOptions } from '@dtfx/core'

export const variantNames = ['plain', 'cache off', 'with middleware', 'with a codec'] as const
export type VariantName = (typeof variantNames)[number]

export interface Variant {
  readonly worker: TaskHubWorkerOptions
  wrap(service: OrchestrationService): OrchestrationService
}

export function variant(name: VariantName): Variant {
  const same = (service: OrchestrationService): OrchestrationService => service
  switch (name) {
    case 'plain':
      return { worker: {}, wrap: same }
    case 'cache off':
      return { worker: { cache: false }, wrap: same }
    case 'with middleware':
      return { worker: { middleware: { orchestration: [(_ctx, next) => next()], activity: [async (_ctx, next) => next()] } }, wrap: same }
    case 'with a codec':
      return { worker: {}, wrap: (service) => withPayloads(service, { codecs: [gzipCodec({ minBytes: 1 }), aes256GcmCodec({ keys: { k: randomBytes(32) }, activeKey: 'k' })] }) }
  }
}
