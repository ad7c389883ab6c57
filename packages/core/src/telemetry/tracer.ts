/** The tracing seam: one span per execution of an orchestration and per attempt of an activity, never per replay. No-op by default; an OpenTelemetry adapter fits in twenty lines. */
import type { TraceContext } from '../model/instance.js'

export interface Span {
  /** Context to pass on, in W3C form; undefined when not recorded. */
  readonly context: TraceContext | undefined
  setAttribute(key: string, value: string | number | boolean): void
  /** Ends the span; `error` marks it as failed. */
  end(error?: { readonly message: string }): void
  /** Runs `fn` with the span as the active one. */
  run<T>(fn: () => T): T
}

export interface SpanOptions {
  /** `orchestration:<name>`, `activity:<name>`, as .NET names them. */
  readonly name: string
  readonly kind: 'server' | 'client' | 'producer' | 'internal'
  readonly parent?: TraceContext | undefined
  /** Milliseconds since the epoch. Default: now. */
  readonly startMs?: number | undefined
  readonly attributes?: Readonly<Record<string, string | number | boolean>> | undefined
}

export interface Tracer {
  start(options: SpanOptions): Span
}

const noSpan: Span = { context: undefined, setAttribute: () => {}, end: () => {}, run: (fn) => fn() }
export const noTracer: Tracer = { start: () => noSpan }

/** Each ended span as one line through `write`, default the console. */
export function consoleTracer(write: (line: string) => void = console.log): Tracer {
  return {
    start(options) {
      const startMs = options.startMs ?? Date.now()
      const attributes: Record<string, string | number | boolean> = { ...options.attributes }
      return {
        context: options.parent,
        setAttribute: (key, value) => void (attributes[key] = value),
        end: (error) => write(`[dtfx] span ${options.name} ${Date.now() - startMs} ms ${error === undefined ? 'ok' : `failed: ${error.message}`} ${JSON.stringify(attributes)}`),
        run: (fn) => fn(),
      }
    },
  }
}
