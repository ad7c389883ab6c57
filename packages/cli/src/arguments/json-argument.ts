/** JSON on a command line: as text, `@file`, or `-` for standard input. */
import { InvalidArgumentError } from 'commander'
import type { CommandHost } from '../command-host.js'
import { argumentError } from '../exit-codes.js'

/** @throws InvalidArgumentError */
export function jsonObject(text: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The parser's message quotes the text, which may hold a secret.
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new InvalidArgumentError(`Give a JSON object, like '{"taskHub":"Orders"}'.`)
}

/** The value of an argument; undefined for none. `what`: for the error. @throws DTFX_INVALID_OPTION */
export async function readJsonArgument(host: CommandHost, argument: string | undefined, what: string): Promise<unknown> {
  if (argument === undefined) return undefined
  const from = argument === '-' ? 'standard input' : argument.startsWith('@') ? argument.slice(1) : undefined
  const text = await textOf(host, argument, what)
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    const hint = from === undefined ? ` A text needs quotes of its own: '"text"'.` : ''
    throw argumentError(what, `is no JSON${from === undefined ? '' : ` (${from})`}: ${problem}.${hint}`)
  }
}

async function textOf(host: CommandHost, argument: string, what: string): Promise<string> {
  if (argument === '-') return host.readInput()
  if (!argument.startsWith('@')) return argument
  const file = argument.slice(1)
  try {
    return await host.readFile(file)
  } catch (error) {
    throw argumentError(what, `cannot be read from the file '${file}': ${error instanceof Error ? error.message : String(error)}`)
  }
}
