import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { outdated, root } from '../../scripts/mutants/bundle.mjs'
import { mutants } from '../../scripts/mutants/catalogue.mjs'
import { readFound, tableRow } from '../../scripts/mutants/found.mjs'

/** A run takes minutes; that the mutants still fit the sources, and are documented, is known at once. */
test('every mutant applies to the sources as they are', async () => {
  expect(await outdated(mutants)).toEqual([])
})

test('the table in docs/mutants.md holds exactly the mutants, and who finds them', () => {
  const lines = readFileSync(join(root, 'docs', 'mutants.md'), 'utf8').split('\n')
  const head = lines.findIndex((line) => line.startsWith('| Mutant |')) + 2
  const found = readFound()
  expect(lines.slice(head, lines.indexOf('', head))).toEqual(mutants.map((mutant) => tableRow(mutant, found[mutant.name])))
  expect(Object.keys(found)).toEqual(mutants.map(({ name }) => name))
})
