/**
 * Who found a mutant last time (found.json, written by `mutants --record`): asked first, and what takes long begins early. Nothing depends on it but the time a campaign takes,
 * and the column 'Caught by' of docs/mutants.md.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './bundle.mjs'

const file = join(root, 'scripts', 'mutants', 'found.json')
const page = join(root, 'docs', 'mutants.md')

export function readFound() {
  return JSON.parse(readFileSync(file, 'utf8'))
}

/** In words, with what it takes to find it again. */
export function describeCaught({ by, test, variant, commit, run }) {
  if (by !== 'simulation') return `${by}: ${test ?? 'the suite'} (${commit}, ${variant})`
  const { seed, localActivities, ...other } = run
  return `simulation: seed ${seed}, ${other.commit}${localActivities ? '' : ', no local activities'}${other.faults === undefined ? '' : ', other faults'}`
}

/** The row of a mutant in docs/mutants.md. */
export function tableRow({ name, breaks, commit }, found) {
  const { by, test } = found?.caught ?? {}
  return `| ${name} | ${breaks} | ${by}${test !== undefined ? `: ${test}` : commit !== undefined ? `, ${commit}` : ''} |`
}

/** Keeps what is known of mutants that were not part of this campaign, forgets those that are gone. */
export function record(mutants, results) {
  const found = new Map(Object.entries(readFound()))
  for (const { name, caught, ms } of results) found.set(name, caught && { caught, ms })
  const known = Object.fromEntries(mutants.flatMap(({ name }) => (found.get(name) === undefined ? [] : [[name, found.get(name)]])))
  writeFileSync(file, `{\n${Object.entries(known).map(([name, each]) => `  ${JSON.stringify(name)}: ${JSON.stringify(each)}`).join(',\n')}\n}\n`)
  const lines = readFileSync(page, 'utf8').split('\n')
  const head = lines.findIndex((line) => line.startsWith('| Mutant |')) + 2
  const length = lines.slice(head).findIndex((line) => !line.startsWith('|'))
  lines.splice(head, length, ...mutants.map((mutant) => tableRow(mutant, known[mutant.name])))
  writeFileSync(page, lines.join('\n'))
}
