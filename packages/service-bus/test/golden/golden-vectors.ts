/** The sections of `../fixtures/golden-vectors.txt`. */
import { readFileSync } from 'node:fs'

const text = readFileSync(new URL('../fixtures/golden-vectors.txt', import.meta.url), 'utf8')

/** Text below `### <title>`. */
export function goldenSection(title: string): string {
  const found = text.split('### ').find((section) => section.startsWith(`${title}\n`))
  if (found === undefined) throw new Error(`golden-vectors.txt has no section '${title}'`)
  return found.slice(title.length + 1).trimEnd().split(/\n(?:hash|key|applease)\t/)[0] as string
}
