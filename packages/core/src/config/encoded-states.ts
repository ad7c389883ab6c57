/**
 * Remembers what the payloads of an instance's state were encoded to: a state is written whole with every turn, while its input hardly ever changes.
 * Invariants: the memory is bounded in characters, the oldest leave first; what is remembered was encoded by this process (with the key that is active here),
 * and never serves another instance, so that equal payloads of two instances do not show as equal ciphertexts.
 */
import { limits } from '../base/limits.js'
import type { InstanceState } from '../model/instance.js'
import { mapState, type PayloadMap } from '../serialization/payload-members.js'

/** Below it, encoding again costs less than remembering. */
const minLength = 1024

interface Entry {
  /** Plain text → stored text. */
  readonly texts: ReadonlyMap<string, string>
  readonly length: number
}

export class EncodedStates {
  readonly #entries = new Map<string, Entry>()
  readonly #maxLength: number
  #length = 0

  constructor(maxLength: number = limits.maxEncodedStatesLength) {
    this.#maxLength = maxLength
  }

  encode(state: InstanceState, encoding: PayloadMap): InstanceState {
    const known = this.#entries.get(state.instanceId)
    const texts = new Map<string, string>()
    const text = (plain: string): string => {
      if (plain.length < minLength) return encoding.text(plain)
      const stored = known?.texts.get(plain) ?? encoding.text(plain)
      texts.set(plain, stored)
      return stored
    }
    const encoded = mapState(state, { text, properties: (properties) => encoding.properties(properties) })
    this.#remember(state, known, texts)
    return encoded
  }

  #remember(state: InstanceState, known: Entry | undefined, texts: ReadonlyMap<string, string>): void {
    if (known !== undefined) this.#forget(state.instanceId, known)
    if (texts.size === 0 || state.completedAt !== undefined) return
    let length = 0
    for (const [plain, stored] of texts) length += plain.length + stored.length
    this.#entries.set(state.instanceId, { texts, length })
    this.#length += length
    for (const [instanceId, entry] of this.#entries) {
      if (this.#length <= this.#maxLength) return
      this.#forget(instanceId, entry)
    }
  }

  #forget(instanceId: string, entry: Entry): void {
    this.#entries.delete(instanceId)
    this.#length -= entry.length
  }
}
