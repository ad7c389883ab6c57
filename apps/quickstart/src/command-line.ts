/** Commands as a person can paste them into a shell: how this program was started, and what starts the other half of it. Pure but for the surroundings it is handed. */
import { relative } from 'node:path'

export interface Surroundings {
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly workingDirectory: string
}

export interface CommandLine {
  /** Goes on with the run: the command that was given, without what would kill it or start it anew. */
  readonly again: string
  /** Starts a worker on the same store. */
  readonly worker: string
}

const storeOptions: ReadonlySet<string> = new Set(['-p', '--provider', '-o', '--options', '--connection-string', '--emulator-data'])
const secret = /(?:key|signature|sig)\s*["']?\s*[=:]/i

export function commandLineOf({ argv, env, workingDirectory }: Surroundings): CommandLine {
  const program = env['QUICKSTART_COMMAND'] ?? `node ${quote(relative(workingDirectory, argv[1] ?? ''))}`
  const given = argv.slice(2)
  const options = withValues(given)
  const kept = options.filter(([name]) => name !== '--kill-after' && name !== '--fresh').flat()
  const ofStore = options.filter(([name]) => name !== undefined && storeOptions.has(name)).flat()
  const line = (words: readonly string[]): string => [program, ...words.map((word) => quote(secret.test(word) ? '…' : word))].join(' ')
  return { again: line(kept), worker: line(['worker', ...ofStore]) }
}

/** Arguments with the values that belong to them: `--a=b` is split, so that a value can be told from a name. */
function withValues(given: readonly string[]): (readonly string[])[] {
  const groups: string[][] = []
  for (let index = 0; index < given.length; index++) {
    const word = given[index] as string
    const equals = word.startsWith('--') ? word.indexOf('=') : -1
    if (equals > 0) groups.push([word.slice(0, equals), word.slice(equals + 1)])
    else if (storeOptions.has(word) || word === '--kill-after') groups.push([word, ...given.slice(++index, index + 1)])
    else groups.push([word])
  }
  return groups
}

function quote(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
