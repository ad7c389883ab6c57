/** Bridge to Standard Schema v1 (zod, valibot, arktype … implement it). Validation is synchronous: it runs where histories are made. */
import { dtfxError } from '../errors/durable-error.js'

export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

export type SchemaInput<S> = S extends StandardSchema<infer Input, infer _Output> ? Input : never
export type SchemaOutput<S> = S extends StandardSchema<infer _Input, infer Output> ? Output : never

/** The schema's output for `value`. @throws DTFX_SCHEMA_MISMATCH with the first issues and their paths; DTFX_SCHEMA_ASYNC */
export function validate(schema: StandardSchema | undefined, value: unknown, what: string): unknown {
  if (schema === undefined) return value
  const result = schema['~standard'].validate(value)
  if (typeof (result as Promise<unknown>).then === 'function') {
    void Promise.resolve(result).catch(() => {})
    throw dtfxError('DTFX_SCHEMA_ASYNC', { what })
  }
  const settled = result as SchemaResult<unknown>
  if (settled.issues === undefined) return settled.value
  const problem = settled.issues.slice(0, 5).map((issue) => `${pathText(issue)}${issue.message}`).join('; ')
  throw dtfxError('DTFX_SCHEMA_MISMATCH', { what, problem })
}

function pathText(issue: SchemaIssue): string {
  if (issue.path === undefined || issue.path.length === 0) return ''
  return `${issue.path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.')}: `
}
