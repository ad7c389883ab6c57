/** Rules about whole files: sizes, names, the opening comment, and texts that must not be committed. */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { listFiles, shownPath } from './source-tree.mjs'

export const maxSourceLines = 300
export const maxTestLines = 600

const kindNames = /^(utils?|helpers?|types|constants|common|misc)\.ts$/
const kebabCase = /^[a-z0-9]+(-[a-z0-9]+)*$/
const unfinished = /\b(TODO|FIXME|XXX)\b/
const focused = /\b(describe|it|test)(\.\w+)*\.(only|skip|todo)\b/
/** Home folders and checkouts: they exist on one machine only. */
const machinePath = /(?<![\w.])(?:\/(?:home|Users)\/\w|\/root\/|\/work\/(?:main|shared)\b|[A-Za-z]:\\{1,2}Users\\)/
const scanned = /\.(ts|mts|mjs|js|json|md|ya?ml)$/

/** Findings on one file of `src`. */
export function checkSourceFile({ path, shown, text }) {
  const name = basename(path)
  const findings = sizeOf(text, maxSourceLines, 'source', shown)
  const add = (rule, problem, line) => findings.push({ file: shown, line, rule, problem })
  if (kindNames.test(name)) add('file-name', 'is named after a kind; name it after its main export')
  if (!kebabCase.test(name.slice(0, -'.ts'.length))) add('file-name', 'is not kebab-case')
  if (!text.replace(/^#!.*\n/, '').startsWith('/**')) add('opening-comment', 'does not open with a comment that says what the file is responsible for')
  return findings
}

/** Findings on one file of `test`. */
export function checkTestFile({ shown, text }) {
  const findings = sizeOf(text, maxTestLines, 'test', shown)
  const line = lineOfMatch(text, focused)
  if (line !== undefined) findings.push({ file: shown, line, rule: 'no-only-skip', problem: 'holds .only, .skip or .todo' })
  return findings
}

/** Findings on every text file of the repository, whatever its folder. Documents may speak of unfinished work; the tests of these rules hold what the rules refuse. */
export function checkTexts(root) {
  const files = ['packages', 'apps', 'docs', 'scripts']
    .flatMap((folder) => listFiles(`${root}/${folder}`, (name) => scanned.test(name)))
    .filter((path) => !shownPath(root, path).startsWith('scripts/test/'))
  const atRoot = ['README.md', 'CONTRIBUTING.md', 'eslint.config.js', 'vitest.config.ts', 'tsconfig.json', 'tsconfig.base.json', 'package.json', 'turbo.json']
  const roots = listFiles(root, (name) => atRoot.includes(name)).filter((path) => !shownPath(root, path).includes('/'))
  return [...files, ...roots].flatMap((path) => {
    const text = readFileSync(path, 'utf8')
    const file = shownPath(root, path)
    const found = (rule, pattern, problem) => {
      const line = lineOfMatch(text, pattern)
      return line === undefined ? [] : [{ file, line, rule, problem }]
    }
    return [
      ...(path.endsWith('.md') || file.startsWith('scripts/') ? [] : found('no-todo', unfinished, 'is marked as unfinished; finish it, or file an issue')),
      ...found('machine-path', machinePath, 'names a path of one machine'),
    ]
  })
}

function sizeOf(text, limit, kind, file) {
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
  return lines > limit ? [{ file, line: undefined, rule: 'file-size', problem: `has ${lines} lines; the limit of a ${kind} file is ${limit}` }] : []
}

function lineOfMatch(text, pattern) {
  const match = pattern.exec(text)
  return match === null ? undefined : text.slice(0, match.index).split('\n').length
}
