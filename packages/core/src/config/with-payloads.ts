/**
 * Puts a converter and codecs on a service: everything that passes through its ports is encoded on the way in and decoded on the way out.
 * Worker, client and provider know nothing of it, and an instance that a worker keeps in memory is kept decoded.
 * Without codecs there is no wrapper around any port: nothing is added to the path of a payload.
 */
import { limits } from '../base/limits.js'
import { durationMs, type Duration } from '../base/duration.js'
import { delegateService } from '../provider/delegate-service.js'
import type { OrchestrationService } from '../provider/orchestration-service.js'
import type { DataConverter } from '../serialization/data-converter.js'
import { PayloadChain } from '../serialization/payload-chain.js'
import type { PayloadCodec } from '../serialization/payload-codec.js'
import { checkDigestKey } from './digest-key.js'
import { codedClient, codedHistory, codedQuarantine, codedQuery } from './payload-client.js'
import { PayloadCoder } from './payload-coder.js'
import { PayloadWorkerPort } from './payload-worker.js'

export interface PayloadOptions {
  /** How values become text. Default: JSON as .NET writes it. */
  readonly converter?: DataConverter | undefined
  /** In the order of writing: compress first, encrypt last. */
  readonly codecs?: readonly PayloadCodec[] | undefined
  /**
   * Needed where a codec encrypts: 32 bytes, or their Base64. Ids of messages and executions follow from what they carry; with this key they tell nobody what that is.
   * Not rotated: with another one, what was sent before a crash is not recognised after it.
   */
  readonly digestKey?: Uint8Array | string | undefined
  /** How long messages wait for a worker that has their key, before they count as unreadable. @default '10m' */
  readonly keyGrace?: Duration | undefined
}

/** Bytes of an envelope's header, and what encryption adds, at most. */
const envelopeBytes = 512

/** @throws DTFX_INVALID_OPTION */
export function withPayloads(service: OrchestrationService, { converter, codecs = [], digestKey, keyGrace = limits.payloadKeyGraceMs }: PayloadOptions): OrchestrationService {
  if (codecs.length === 0) return converter === undefined ? service : delegateService(service, { converter })
  const { host, capabilities, query, history, quarantine } = service
  const coder = new PayloadCoder(new PayloadChain(codecs), host.random.id())
  const keyGraceMs = durationMs(keyGrace, 'payloads.keyGrace')
  return delegateService(service, {
    // Base64 takes four bytes for three: what fits before encoding must fit after it.
    capabilities: { ...capabilities, maxPayloadBytes: Math.max(1, Math.floor(((capabilities.maxPayloadBytes - envelopeBytes) * 3) / 4)) },
    digestKey: checkDigestKey(digestKey, codecs),
    converter: coder.converter(converter ?? service.converter),
    client: codedClient(service.client, coder),
    query: query === undefined ? undefined : codedQuery(query, coder),
    history: history === undefined ? undefined : codedHistory(history, coder),
    quarantine: quarantine === undefined ? undefined : codedQuarantine(quarantine, coder),
    startWorker: async (spec) => new PayloadWorkerPort(await service.startWorker(spec), { coder, host, keyGraceMs }),
  })
}
