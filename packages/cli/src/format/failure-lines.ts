/** A failure for a terminal, the cause first: what happened at the bottom of the chain, then where it passed. */
import type { FailureDetails } from '@dtfx/core'
import type { Paint } from './paint.js'
import { printable, printableLines } from './printable.js'

/** Frames of the cause that are shown without `--full`. */
const maxFrames = 3
/** A chain that points to itself would not end. */
const maxDepth = 32

/** The chain, the cause first. */
export function causesOf(failure: FailureDetails): FailureDetails[] {
  const chain: FailureDetails[] = []
  for (let each: FailureDetails | undefined = failure; each !== undefined && chain.length < maxDepth; each = each.innerFailure) chain.unshift(each)
  return chain
}

/** One line: the cause. */
export function causeText(failure: FailureDetails): string {
  const [cause = failure] = causesOf(failure)
  return printable(lineOf(cause))
}

export function failureLines(failure: FailureDetails, paint: Paint, full: boolean): string[] {
  const [cause = failure, ...outer] = causesOf(failure)
  return [
    ...printableLines(lineOf(cause)).map(paint.bad),
    ...framesOf(cause, full).map(paint.dim),
    ...insideOf(cause, paint, full),
    ...outer.flatMap((each) => [`in ${printable(lineOf(each))}`, ...(full ? framesOf(each, full).map(paint.dim) : [])]),
  ]
}

function lineOf({ errorType, errorMessage, properties }: FailureDetails): string {
  const code = properties?.['code']
  const known = code === undefined || errorMessage.includes(String(code)) ? '' : ` [${String(code)}]`
  return `${errorType}: ${errorMessage}${known}`
}

function framesOf({ stackTrace }: FailureDetails, full: boolean): string[] {
  if (stackTrace === undefined || stackTrace.trim() === '') return []
  const frames = printableLines(stackTrace).map((line) => line.trim()).filter((line) => line !== '')
  const shown = full ? frames : frames.slice(0, maxFrames)
  const more = frames.length - shown.length
  return [...shown.map((line) => `  ${line}`), ...(more > 0 ? [`  … ${more} more frames; --full shows all`] : [])]
}

/** What an AggregateError holds. */
function insideOf({ properties }: FailureDetails, paint: Paint, full: boolean): string[] {
  const errors = properties?.['errors']
  if (!Array.isArray(errors)) return []
  return errors.filter(isFailure).flatMap((each) => failureLines(each, paint, full).map((line) => `  ${line}`))
}

function isFailure(value: unknown): value is FailureDetails {
  return typeof value === 'object' && value !== null && typeof (value as FailureDetails).errorType === 'string' && typeof (value as FailureDetails).errorMessage === 'string'
}
