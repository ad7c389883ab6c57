import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { expect, test } from 'vitest'

/** docs/reliability.md names a test for what it promises: `path › group › title`, with … for what differs from case to case. Each must exist in that file, and must not be switched off. */
const root = new URL('../../', import.meta.url)
const page = readFileSync(new URL('docs/reliability.md', root), 'utf8')
const references = [...page.matchAll(/`((?:packages|apps|docs|scripts)\/[^`]+\.ts) › ([^`]+)`/g)].map((match) => ({ path: match[1] as string, name: match[2] as string }))

/** Runners, and what the conformance suite calls them. */
const groups = new Set(['describe', 'suite.group'])
const cases = new Set(['it', 'test', 'suite.test', 'options.test'])

/** Full names of the tests of a file, groups joined by ›. */
function testNames(path: string): Set<string> {
  const names = new Set<string>()
  const source = ts.createSourceFile(path, readFileSync(fileURLToPath(new URL(path, root)), 'utf8'), ts.ScriptTarget.Latest, true)
  const visit = (node: ts.Node, outer: readonly string[]): void => {
    let inside = outer
    if (ts.isCallExpression(node)) {
      const kind = runnerOf(node.expression)
      const title = node.arguments[0] === undefined ? undefined : titleOf(node.arguments[0])
      if (title !== undefined && groups.has(kind)) inside = [...outer, title]
      else if (title !== undefined && cases.has(kind)) names.add([...outer, title].join(' › '))
    }
    node.forEachChild((child) => visit(child, inside))
  }
  visit(source, [])
  return names
}

/** `it.each(cases)` → `it`; one that is skipped is no runner. */
function runnerOf(callee: ts.Expression): string {
  const text = ts.isCallExpression(callee) ? callee.expression.getText() : callee.getText()
  return text.replace(/(\.concurrent)?(\.each)?$/, '').replace(/<.*>$/s, '')
}

function titleOf(argument: ts.Expression): string | undefined {
  if (ts.isStringLiteralLike(argument)) return argument.text.replace(/%[a-z]/g, '…')
  if (!ts.isTemplateExpression(argument)) return undefined
  return [argument.head.text, ...argument.templateSpans.map((span) => span.literal.text)].join('…')
}

test('every guarantee names tests', () => {
  const guaranteed = page.slice(page.indexOf('## Guaranteed'), page.indexOf('## Not guaranteed'))
  const rows = guaranteed.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| Guarantee'))
  expect(rows.length).toBeGreaterThan(10)
  expect(rows.filter((row) => !/`[^`]+\.ts › [^`]+`/.test(row))).toEqual([])
})

test('every test that docs/reliability.md names exists, and runs', () => {
  const missing = references.filter(({ path, name }) => !testNames(path).has(name))
  expect(references.length).toBeGreaterThan(30)
  expect(missing).toEqual([])
})
