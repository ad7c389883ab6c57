/**
 * A codec of payloads: a byte transform (compress, encrypt) between the text of a payload and what the store gets. Synchronous, because payloads are read while a history is loaded.
 * `gzipCodec` and `aes256GcmCodec` ship; the chain that applies codecs is in payload-chain.ts.
 */

export interface PayloadCodec {
  /** Stands in the envelope for ever: 1 to 64 letters, digits, dots, dashes. */
  readonly id: string
  /** It hides what payloads say: then the ids that follow from payloads are keyed, and `withPayloads` asks for a `digestKey`. */
  readonly encrypts?: boolean | undefined
  /**
   * The bytes transformed, with the id of the key that was used. Undefined: left alone, because it would not pay or there is no active key.
   * `header` is what the envelope says of the steps before this one: authenticate it.
   */
  encode(bytes: Uint8Array, header: string): { readonly bytes: Uint8Array; readonly key?: string | undefined } | undefined
  /** The way back. Throw a DTFX_PAYLOAD_CODEC with `fault: 'configuration'` when this process lacks the key; anything else that is thrown means that the bytes are damaged. */
  decode(bytes: Uint8Array, key: string | undefined, header: string): Uint8Array
}
