/** Failures of simulated activities carry the nonce of the attempt in their text, so that a swapped or doubled failure is seen as a swapped result is. */

export function refusal(nonce: number): Error {
  return new Error(`refused with nonce ${nonce}`)
}

/** The nonce in the text of such a failure, or of one that wraps it. */
export function nonceOfFailure(text: string): number | undefined {
  const found = /refused with nonce (\d+)/.exec(text)
  return found === null ? undefined : Number(found[1])
}
