import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { outdated, root } from '../../scripts/mutants/bundle.mjs'
import { mutants } from '../../scripts/mutants/catalogue.mjs'

/** A run takes minutes; that the mutants still fit the sources, and are documented, is known at once. */
test('every mutant applies to the sources as they are', async () => {
  expect(await outdated(mutants)).toEqual([])
})

test('the table in docs/mutants.md holds exactly the mutants', () => {
  const rows = readFileSync(join(root, 'docs', 'mutants.md'), 'utf8').split('\n').map((line) => line.split(' | '))
  const documented = rows.filter((cells) => cells.length === 3).map(([name, breaks]) => [name?.slice(2), breaks])
  expect(documented.slice(1)).toEqual(mutants.map(({ name, breaks }) => [name, breaks]))
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length)
})
