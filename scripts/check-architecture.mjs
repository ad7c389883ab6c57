/**
 * Proves the structure of the code base: layers, cycles, package borders, sizes, names, opening comments, injected globals, declared dependencies.
 * Run: `pnpm check:architecture [root]`. Prints one line per finding and exits 1 if there is any. Each rule is in the table of CONTRIBUTING.md and has a test that breaks it.
 */
import { dirname, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { checkSourceFile, checkTestFile, checkTexts } from './architecture/file-rules.mjs'
import { checkImports } from './architecture/import-rules.mjs'
import { readPackages } from './architecture/source-tree.mjs'
import { checkSyntax } from './architecture/syntax-rules.mjs'

/** All findings on the repository at `root`: `{ file, line?, rule, problem }`, by file. */
export function checkArchitecture(root) {
  const packages = readPackages(root)
  const findings = packages.flatMap((each) => [
    ...each.sources.flatMap((source) => [...checkSourceFile(source), ...checkSyntax(source)]),
    ...each.tests.flatMap(checkTestFile),
    ...checkImports(root, each),
  ])
  return [...findings, ...checkTexts(root)].sort((a, b) => a.file.localeCompare(b.file) || (a.line ?? 0) - (b.line ?? 0))
}

/** `packages/core/src/a.ts:12 [layer-order] imports …` */
export function describeFinding({ file, line, rule, problem }) {
  return `${file}${line === undefined ? '' : `:${line}`} [${rule}] ${problem}`
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const root = process.argv[2] === undefined ? resolve(dirname(fileURLToPath(import.meta.url)), '..') : resolve(process.argv[2])
  const findings = checkArchitecture(root)
  for (const finding of findings) process.stdout.write(`${describeFinding(finding)}\n`)
  process.stdout.write(findings.length === 0 ? 'architecture: in order\n' : `architecture: ${findings.length} finding${findings.length === 1 ? '' : 's'}; the rules are in CONTRIBUTING.md\n`)
  process.exitCode = findings.length === 0 ? 0 : 1
}
