/**
 * `node type-check.mjs '["<name>", …]'`: prints a line for each mutant that does not compile, and ends with 1 if there is one. What does not compile fails everywhere, and proves nothing about the tests that find it.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { editsOf, root } from './bundle.mjs'
import { mutants } from './catalogue.mjs'

const config = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile).config
const { options, fileNames } = ts.parseJsonConfigFileContent({ ...config, include: ['packages/core/src', 'packages/testing/src'] }, ts.sys, root)
const edited = new Map()
let edits = 0

const service = ts.createLanguageService({
  ...ts.sys,
  useCaseSensitiveFileNames: () => ts.sys.useCaseSensitiveFileNames,
  getScriptFileNames: () => fileNames,
  getScriptVersion: (path) => edited.get(path)?.version ?? '',
  getScriptSnapshot: (path) => {
    const text = edited.get(path)?.text ?? ts.sys.readFile(path)
    return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text)
  },
  getCurrentDirectory: () => root,
  getCompilationSettings: () => ({ ...options, noUnusedLocals: false, noUnusedParameters: false }),
  getDefaultLibFileName: (each) => ts.getDefaultLibFilePath(each),
})

function problemsOf(mutant) {
  edited.clear()
  for (const { file, find, replace } of editsOf(mutant)) {
    const path = join(root, file)
    const text = edited.get(path)?.text ?? readFileSync(path, 'utf8')
    edited.set(path, { text: text.replace(find, () => replace), version: String(++edits) })
  }
  return [...edited.keys()].flatMap((path) => [...service.getSyntacticDiagnostics(path), ...service.getSemanticDiagnostics(path)])
}

const names = JSON.parse(process.argv[2])
for (const mutant of mutants.filter(({ name }) => names.includes(name))) {
  const [problem] = problemsOf(mutant)
  if (problem === undefined) continue
  process.stdout.write(`'${mutant.name}' does not compile: ${ts.flattenDiagnosticMessageText(problem.messageText, ' ')}\n`)
  process.exitCode = 1
}
