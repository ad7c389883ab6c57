/**
 * Stand-ins for payloads that cannot be decoded here. A worker may carry such a payload (a terminated instance keeps its input) without being able to read it:
 * the stand-in holds the stored text, says in words what is wrong, and is turned back into exactly the stored text when it is written again. Nothing is lost by a missing key.
 * Invariant: a stand-in is recognised by a mark that is drawn per service, so that no text of a user is taken for one.
 */
import { type DurableError } from '../errors/durable-error.js'
import { codecError, type CodecProblem } from '../serialization/payload-envelope.js'

export class UnreadableText {
  readonly #mark: string

  constructor(id: string) {
    this.#mark = `unreadable payload ${id} `
  }

  /** Stand-in for `stored`. */
  wrap(stored: string, error: DurableError): string {
    return `${this.#mark}${JSON.stringify(problemOf(error))}\n${stored}`
  }

  /** The stored text behind a stand-in; undefined for any other text. */
  unwrap(text: string): string | undefined {
    return text.startsWith(this.#mark) ? text.slice(text.indexOf('\n') + 1) : undefined
  }

  /** The error of a stand-in; undefined for any other text. */
  errorOf(text: string): DurableError | undefined {
    if (!text.startsWith(this.#mark)) return undefined
    return codecError(JSON.parse(text.slice(this.#mark.length, text.indexOf('\n'))) as CodecProblem)
  }
}

/** True if another process may be able to read it: the key or the codec is missing here. */
export function isKeyMissing(error: DurableError): boolean {
  return error.details['fault'] === 'configuration'
}

function problemOf({ details }: DurableError): CodecProblem {
  const { codec, key, problem, fault } = details
  return { codec: String(codec), key: String(key), problem: String(problem), fault: fault === 'configuration' ? 'configuration' : 'data' }
}
