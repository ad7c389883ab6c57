/** The sections of `../fixtures/golden-vectors.txt`. */
import { readFileSync } from 'node:fs'

const text = readFileSync(new URL('../fixtures/golden-vectors.txt', import.meta.url), 'utf8')

/** Text below `### <title>`. */
export function goldenSection(title: string): string {
  const found = text.split('### ').find((section) => section.startsWith(`${title}\n`))
  if (found === undefined) throw new Error(`golden-vectors.txt has no section '${title}'`)
  return found.slice(title.length + 1).trimEnd().split(/\n(?:hash|key|applease)\t/)[0] as string
}

/** Titles that begin with `prefix`. */
export function goldenTitles(prefix: string): string[] {
  return [...text.matchAll(/^### (.*)$/gm)].map((match) => match[1] as string).filter((title) => title.startsWith(prefix))
}

/** Lines of a table, without its name, cut at tabs. */
export function goldenLines(name: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}\t`))
    .map((line) => line.split('\t').slice(1))
}
