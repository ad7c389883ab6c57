/** An error for a person, and for a program: what happened, its code, and what to do next where that is known. */
import { DurableError } from '@dtfx/core'

export interface ErrorJson {
  readonly error: { readonly code: string; readonly message: string; readonly instanceId?: string; readonly hint?: string }
}

export function errorJson(error: unknown): ErrorJson {
  const instanceId = DurableError.is(error) ? error.details['instanceId'] : undefined
  const hint = hintFor(error)
  return {
    error: {
      code: codeOf(error) ?? 'ERROR',
      message: messageOf(error),
      ...(typeof instanceId === 'string' ? { instanceId } : {}),
      ...(hint === undefined ? {} : { hint }),
    },
  }
}

/** `details`: also the stack and the causes. */
export function errorText(error: unknown, details: boolean): string {
  const code = codeOf(error)
  const message = messageOf(error)
  const hint = hintFor(error)
  const lines = [code === undefined || message.includes(code) ? message : `${message} [${code}]`, ...(hint === undefined ? [] : [hint])]
  return [...lines, ...(details ? stacksOf(error) : [])].join('\n')
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error) && !DurableError.is(error)) return String(error)
  const { code, path } = error as NodeJS.ErrnoException
  if (path !== undefined && code === 'ENOENT') return `There is no folder for the file ${path}.`
  if (path !== undefined && code === 'EEXIST') return `The file ${path} is there already.`
  return error.message === '' ? error.name : error.message
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'string' ? code : undefined
}

function hintFor(error: unknown): string | undefined {
  if (DurableError.is(error, 'DTFX_CONFIG_NOT_FOUND')) return 'Here: --config <file>, or --provider <name> --options <json>.'
  return (error as NodeJS.ErrnoException | undefined)?.code === 'EEXIST' ? '--yes replaces it.' : undefined
}

function stacksOf(error: unknown): string[] {
  const stacks: string[] = []
  for (let each = error; each instanceof Error && stacks.length < 8; each = each.cause) stacks.push(each.stack ?? String(each))
  return stacks.map((stack, i) => (i === 0 ? stack : `caused by ${stack}`))
}
