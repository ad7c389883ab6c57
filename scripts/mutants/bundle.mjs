/** The product in one file, with or without a fault put into its sources; nothing on disk is changed but the file that comes out. */
import { readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

export const root = fileURLToPath(new URL('../..', import.meta.url))

const entry = `
export { simulate } from './packages/testing/src/simulation/simulate.ts'
export { conformance } from './packages/testing/src/conformance/conformance.ts'
export { createOrchestrationService } from './packages/testing/src/memory/index.ts'
`
const alias = {
  '@dtfx/core': join(root, 'packages/core/src/index.ts'),
  '@dtfx/core/provider': join(root, 'packages/core/src/provider.ts'),
  '@dtfx/core/engine': join(root, 'packages/core/src/engine.ts'),
}

/** The edits of a mutant: its own, and those in `also`. */
export function editsOf({ file, find, replace, also = [] }) {
  return [{ file, find, replace }, ...also]
}

/** What no longer applies of some mutants: one line each. */
export async function outdated(mutants) {
  const problems = []
  for (const mutant of mutants) {
    for (const edit of editsOf(mutant)) {
      const text = await readFile(join(root, edit.file), 'utf8').catch(() => '')
      try {
        edited(text, edit)
      } catch (error) {
        problems.push(`'${mutant.name}': ${error.message}`)
      }
    }
  }
  return problems
}

/** @throws if the text is not there exactly once: the source has moved on, and the mutant has to follow */
function edited(text, { file, find, replace }) {
  if (text.split(find).length !== 2) throw new Error(`mutant no longer applies: ${file} does not hold exactly once: ${find}`)
  return text.replace(find, () => replace)
}

function faulty(edits, applied) {
  return {
    name: 'fault',
    setup({ onLoad }) {
      onLoad({ filter: /packages\/[^/]+\/src\/.*\.ts$/ }, async ({ path }) => {
        const own = edits.filter(({ file }) => file === relative(root, path))
        if (own.length === 0) return undefined
        own.forEach((edit) => applied.add(edit))
        return { contents: own.reduce(edited, await readFile(path, 'utf8')), loader: 'ts' }
      })
    },
  }
}

/** Writes the bundle to `outfile`. `mutant` undefined: the product as it is. */
export async function bundle(outfile, mutant) {
  const edits = mutant === undefined ? [] : editsOf(mutant)
  const applied = new Set()
  await build({
    stdin: { contents: entry, resolveDir: root, loader: 'ts' },
    bundle: true, platform: 'node', format: 'esm', logLevel: 'silent', alias, outfile, plugins: [faulty(edits, applied)],
  })
  const missing = edits.find((edit) => !applied.has(edit))
  if (missing !== undefined) throw new Error(`mutant no longer applies: ${missing.file} is not part of the product`)
}
