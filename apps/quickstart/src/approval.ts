/** Who answers the run's question whether the report may be written: a person at the terminal, or nobody, and then it may. */
import { createInterface } from 'node:readline/promises'

/** `summary` is what the answer depends on. `undefined`: no answer, because the person pressed Ctrl+C or the question became pointless (`signal`). */
export type Approver = (summary: string, question: string, signal: AbortSignal) => Promise<boolean | undefined>

export const approveAtOnce: Approver = async () => true

/** Asks until the answer is yes or no; Enter alone is yes. */
export function askOn(input: NodeJS.ReadableStream, output: NodeJS.WritableStream): Approver {
  return async (summary, question, signal) => {
    if (signal.aborted) return undefined
    output.write(`${summary}\n`)
    const terminal = createInterface({ input, output, signal, prompt: `${question} [Y/n] ` })
    try {
      terminal.prompt()
      for await (const answer of terminal) {
        if (/^\s*(?:y|yes)?\s*$/i.test(answer)) return true
        if (/^\s*(?:n|no)\s*$/i.test(answer)) return false
        terminal.prompt()
      }
      output.write('\n')
      return undefined
    } finally {
      terminal.close()
    }
  }
}
