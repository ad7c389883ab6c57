/** Rules about the syntax of one source file: functions, exports, and globals that must be injected. */
import { basename } from 'node:path'
import ts from 'typescript'
import { lineOf } from './source-tree.mjs'

export const maxFunctionLines = 70
export const maxParameters = 4

/** Places that may touch the real clock, randomness and console: what is injected is made there, and the engine replaces the globals. */
const originals = [/^packages\/core\/src\/(base|telemetry|engine)\//, /^packages\/testing\/src\/clock\/event-loop\.ts$/, /^packages\/service-bus-emulator\/src\/clock\/system-clock\.ts$/, /^packages\/sqlite\/src\/file\/loop-turn\.ts$/, /^apps\//]
const timers = new Set(['setTimeout', 'setInterval', 'setImmediate'])
const members = { Date: ['now'], Math: ['random'], performance: ['now'] }
const timerModules = /^(node:)?timers(\/promises)?$/

export function checkSyntax(source) {
  const { shown, tree } = source
  const findings = []
  const add = (rule, node, problem) => findings.push({ file: shown, line: node === undefined ? undefined : lineOf(tree, node), rule, problem })
  const injected = !originals.some((pattern) => pattern.test(shown))
  const visit = (node) => {
    checkExport(node, add)
    checkFunction(node, source, add)
    if (injected) checkInjected(node, add)
    ts.forEachChild(node, visit)
  }
  visit(tree)
  if (basename(source.path) === 'index.ts') {
    const other = tree.statements.find((statement) => !ts.isExportDeclaration(statement) && !ts.isImportDeclaration(statement))
    if (other !== undefined) add('index-re-exports', other, 'is an index, which only re-exports')
  }
  if (injected) for (const { specifier, line } of source.imports) if (timerModules.test(specifier)) findings.push({ file: shown, line, rule: 'injected-host', problem: `imports ${specifier}; use the injected clock` })
  return findings
}

function checkExport(node, add) {
  const marked = ts.canHaveModifiers(node) && ts.getModifiers(node)?.some((modifier) => modifier.kind === ts.SyntaxKind.DefaultKeyword)
  const renamed = ts.isExportSpecifier(node) && node.name.text === 'default'
  if (ts.isExportAssignment(node) || marked || renamed) add('named-exports', node, 'has a default export; export by name')
  if (ts.isExportDeclaration(node) && node.exportClause === undefined) add('named-exports', node, 'has export *; name what is exported')
}

/** A constructor may list what a class consists of. The functions of the conformance suite hold tests one after the other, like `describe`: their length is no measure. */
function checkFunction(node, { shown, tree }, add) {
  if (!ts.isFunctionLike(node) || node.body === undefined) return
  const lines = tree.getLineAndCharacterOfPosition(node.body.end).line + 2 - lineOf(tree, node)
  if (lines > maxFunctionLines && !shown.includes('/conformance/')) add('function-size', node, `has a function of ${lines} lines; the limit is ${maxFunctionLines}`)
  if (node.parameters.length > maxParameters && !ts.isConstructorDeclaration(node)) add('parameters', node, `has a function with ${node.parameters.length} parameters; take an options object`)
}

function checkInjected(node, add) {
  const refuse = (what) => add('injected-host', node, `uses ${what}; use the injected host`)
  if (ts.isIdentifier(node) && timers.has(node.text) && isReference(node)) refuse(node.text)
  if (ts.isPropertyAccessExpression(node)) {
    const of = ts.isIdentifier(node.expression) ? node.expression.text : ''
    const name = node.name.text
    if (of === 'console' || Object.hasOwn(members, of) && members[of].includes(name)) refuse(`${of}.${name}`)
    if (of === 'globalThis' && (timers.has(name) || name === 'console' || Object.hasOwn(members, name))) refuse(`globalThis.${name}`)
  }
  if ((ts.isNewExpression(node) || ts.isCallExpression(node)) && ts.isIdentifier(node.expression) && node.expression.text === 'Date' && (node.arguments?.length ?? 0) === 0) refuse('the current Date')
}

/** Not the name of a member or of a declaration, and not inside a type. */
function isReference(node) {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node
  if (ts.isTypeQueryNode(parent) || ts.isImportSpecifier(parent) || ts.isQualifiedName(parent)) return false
  return parent.name !== node || ts.isShorthandPropertyAssignment(parent)
}
