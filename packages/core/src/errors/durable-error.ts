/**
 * The one error class of the framework: a code from the registry, the details that filled its text, and the cause.
 * `DurableError.is` compares a brand, not the prototype, so that two copies of the package recognise each other's errors.
 */
import { errorTemplates, type ErrorCode } from './registry.js'

const brand = Symbol.for('dtfx.error')

export type ErrorDetails = Readonly<Record<string, string | number | boolean | undefined>>

export class DurableError extends Error {
  /** Stable code: `DTFX_…`; docs/errors.md has a heading for each. */
  readonly code: ErrorCode
  /** What filled the message: ids, names, limits. */
  readonly details: ErrorDetails

  constructor(code: ErrorCode, details: ErrorDetails = {}, options?: { cause?: unknown; message?: string }) {
    super(options?.message ?? render(code, details), options !== undefined && 'cause' in options ? { cause: options.cause } : undefined)
    this.name = new.target.name
    this.code = code
    this.details = details
    Object.defineProperty(this, brand, { value: true })
  }

  /** True for any error of the framework, also of another copy of this package; with `code`, only for that one. */
  static is(value: unknown, code?: ErrorCode): value is DurableError {
    return typeof value === 'object' && value !== null && brand in value && (code === undefined || (value as { code?: unknown }).code === code)
  }
}

/** A {@link DurableError} of `code`. */
export function dtfxError(code: ErrorCode, details: ErrorDetails = {}, cause?: unknown): DurableError {
  return new DurableError(code, details, cause === undefined ? undefined : { cause })
}

function render(code: ErrorCode, details: ErrorDetails): string {
  return errorTemplates[code].replace(/\{(\w+)\}/g, (_, key: string) => String(details[key] ?? ''))
}
