import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { limits } from '@dtfx/core/provider'
import { expect, test } from 'vitest'

test('docs/limits.md lists every limit with its value, and no other', () => {
  const text = readFileSync(fileURLToPath(new URL('../limits.md', import.meta.url)), 'utf8')
  const rows = [...text.matchAll(/^\| `(\w+)` \| ([^|]+) \|/gm)].map((row) => [row[1] as string, valueOf(row[2] as string)] as const)
  expect(Object.fromEntries(rows)).toEqual(limits)
})

/** A product of whole numbers, as it is written in the source. */
function valueOf(text: string): number {
  return text.split('*').map((factor) => Number(factor.trim().replaceAll('_', ''))).reduce((product, factor) => product * factor, 1)
}
