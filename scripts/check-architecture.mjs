/**
 * Proves the structure of the code base: layers, cycles, package borders, sizes, names, opening comments, banned globals, declared dependencies.
 * Run: `pnpm check:architecture [root]`. Prints one line per finding and exits 1 if there is any. Each rule is explained in CONTRIBUTING.md and has a test that breaks it.
 */
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import ts from 'typescript'

/** Folders of core from the bottom up; a file imports from its own or a lower number only. */
const coreLayers = { base: 0, errors: 0, model: 1, serialization: 1, telemetry: 1, provider: 2, authoring: 2, engine: 3, worker: 4, client: 4, config: 4 }
const maxSourceLines = 300
const maxTestLines = 600
const maxFunctionLines = 70
const forbiddenNames = /^(utils?|helpers?|types|constants|common|misc)\.ts$/
const bannedCalls = ['Date.now', 'Math.random', 'setTimeout', 'setInterval', 'setImmediate', 'console.log', 'console.error', 'console.warn', 'console.info', 'console.debug']

/** All findings for the repository at `root`, each `file: problem`. */
export function checkArchitecture(root) {
  const packages = findPackages(root)
  return packages.flatMap((each) => checkPackage(root, each))
}

function findPackages(root) {
  return ['packages', 'apps'].flatMap((group) => {
    const folder = join(root, group)
    if (!existsSync(folder)) return []
    return readdirSync(folder)
      .filter((name) => existsSync(join(folder, name, 'package.json')))
      .map((name) => ({ group, name, folder: join(folder, name), manifest: JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8')) }))
  })
}

function checkPackage(root, each) {
  const sources = listFiles(join(each.folder, 'src'))
  const tests = listFiles(join(each.folder, 'test'))
  const graph = new Map(sources.map((file) => [file, importsOf(file)]))
  return [
    ...sources.flatMap((file) => checkSource(root, each, file, graph.get(file))),
    ...tests.flatMap((file) => checkTest(root, file)),
    ...findCycles(graph).map((cycle) => `${show(root, cycle[0])}: import cycle ${cycle.map((file) => show(root, file)).join(' → ')}`),
    ...checkDependencies(root, each, graph),
  ]
}

function checkSource(root, each, file, imports) {
  const text = readFileSync(file, 'utf8')
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const at = (problem) => `${show(root, file)}: ${problem}`
  const lines = text.split('\n').length - 1
  const name = basename(file)
  const findings = []
  if (lines > maxSourceLines) findings.push(at(`${lines} lines; the limit is ${maxSourceLines}`))
  if (forbiddenNames.test(name)) findings.push(at('a file is named after its main export, not after its kind'))
  if (!/^[a-z0-9]+(-[a-z0-9]+)*\.ts$/.test(name)) findings.push(at('file names are kebab-case'))
  if (!text.startsWith('/**')) findings.push(at('opens without a comment that says what the file is responsible for'))
  if (/\b(TODO|FIXME|XXX)\b/.test(text)) findings.push(at('holds a TODO; do it, or file an issue'))
  findings.push(...checkTree(tree, at, /[\\/]conformance[\\/]/.test(file)))
  if (each.group === 'packages') findings.push(...checkBannedCalls(each, file, tree, at))
  findings.push(...checkImports(each, file, imports, at))
  if (name === 'index.ts' && tree.statements.some((statement) => !ts.isExportDeclaration(statement) && !ts.isImportDeclaration(statement))) {
    findings.push(at('an index only re-exports'))
  }
  return findings
}

/** `declaresTests`: the functions of a suite hold tests, one after the other; their length is no measure. */
function checkTree(tree, at, declaresTests) {
  const findings = []
  const lineOf = (position) => tree.getLineAndCharacterOfPosition(position).line + 1
  const visit = (node) => {
    if (ts.isExportAssignment(node) || (ts.isExportSpecifier(node) && node.name.text === 'default') || (ts.canHaveModifiers(node) && ts.getModifiers(node)?.some((modifier) => modifier.kind === ts.SyntaxKind.DefaultKeyword))) {
      findings.push(at(`line ${lineOf(node.getStart())}: default export; export by name`))
    }
    if (ts.isExportDeclaration(node) && node.exportClause === undefined) findings.push(at(`line ${lineOf(node.getStart())}: export *; name what is exported`))
    if (ts.isFunctionLike(node) && node.body !== undefined) {
      const length = lineOf(node.body.end) - lineOf(node.getStart()) + 1
      if (length > maxFunctionLines && !declaresTests) findings.push(at(`line ${lineOf(node.getStart())}: a function of ${length} lines; the limit is ${maxFunctionLines}`))
      if (node.parameters.length > 4 && !ts.isConstructorDeclaration(node)) findings.push(at(`line ${lineOf(node.getStart())}: ${node.parameters.length} parameters; take an options object`))
    }
    ts.forEachChild(node, visit)
  }
  visit(tree)
  return findings
}

/** Time, randomness and printing are injected: only core's base, telemetry and engine (which replaces these globals) touch the originals. */
function checkBannedCalls(each, file, tree, at) {
  const folder = relative(join(each.folder, 'src'), file).split(sep)[0]
  if (each.name === 'core' && ['base', 'telemetry', 'engine'].includes(folder)) return []
  const called = new Set()
  const visit = (node) => {
    if (ts.isCallExpression(node)) called.add(node.expression.getText().replace(/^globalThis\./, ''))
    ts.forEachChild(node, visit)
  }
  visit(tree)
  return bannedCalls.filter((call) => called.has(call)).map((call) => at(`calls ${call}; use the injected host`))
}

function checkImports(each, file, imports, at) {
  const findings = []
  const inside = relative(join(each.folder, 'src'), file).split(sep)
  const isProvider = each.group === 'packages' && !['core', 'testing', 'cli'].includes(each.name)
  for (const { specifier, target } of imports) {
    if (each.name === 'core' && target !== undefined && inside.length > 1) {
      const to = relative(join(each.folder, 'src'), target).split(sep)
      if (to.length === 1) findings.push(at(`imports the entry ${to[0]}; entries are for users`))
      else if (coreLayers[to[0]] > coreLayers[inside[0]]) findings.push(at(`layer ${inside[0]} imports the higher layer ${to[0]} (${specifier})`))
    }
    if (each.name === 'core' && specifier.startsWith('@dtfx/')) findings.push(at(`core imports ${specifier}; it depends on no other package`))
    if (isProvider && specifier.startsWith('@dtfx/') && specifier !== '@dtfx/core/provider') findings.push(at(`imports ${specifier}; providers import @dtfx/core/provider only`))
    if (target !== undefined && relative(each.folder, target).startsWith('..')) findings.push(at(`imports ${specifier}, which leaves the package`))
  }
  return findings
}

function checkTest(root, file) {
  const text = readFileSync(file, 'utf8')
  const at = (problem) => `${show(root, file)}: ${problem}`
  const lines = text.split('\n').length - 1
  const findings = []
  if (lines > maxTestLines) findings.push(at(`${lines} lines; the limit for tests is ${maxTestLines}`))
  if (/\b(describe|it|test)(\.\w+)*\.(only|skip)\b/.test(text)) findings.push(at('holds a .only or .skip'))
  return findings
}

/** What is imported is declared, and what is declared at run time is imported. Core declares nothing. */
function checkDependencies(root, each, graph) {
  const declared = new Set([...Object.keys(each.manifest.dependencies ?? {}), ...Object.keys(each.manifest.peerDependencies ?? {}), ...Object.keys(each.manifest.optionalDependencies ?? {})])
  const at = (problem) => `${show(root, join(each.folder, 'package.json'))}: ${problem}`
  const used = new Set()
  for (const imports of graph.values()) for (const { specifier } of imports) {
    if (!specifier.startsWith('.') && !specifier.startsWith('node:')) used.add(specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/'))
  }
  used.delete(each.manifest.name)
  const typed = (name) => each.manifest.devDependencies?.[`@types/${name}`] !== undefined
  const findings = [...used].filter((name) => !declared.has(name) && !typed(name)).map((name) => at(`${name} is imported but not declared`))
  // Apps also load packages by configuration.
  const unused = each.group === 'apps' ? [] : Object.keys(each.manifest.dependencies ?? {}).filter((name) => !used.has(name))
  findings.push(...unused.map((name) => at(`${name} is declared but not imported`)))
  if (each.name === 'core' && declared.size > 0) findings.push(at('core has run-time dependencies'))
  return findings
}

function importsOf(file) {
  const tree = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true)
  const imports = []
  const visit = (node) => {
    const found = importOf(node)
    if (found !== undefined) imports.push({ ...found, target: found.specifier.startsWith('.') ? resolve(dirname(file), found.specifier.replace(/\.js$/, '.ts')) : undefined })
    ts.forEachChild(node, visit)
  }
  visit(tree)
  return imports
}

/** What a node imports, in any of the spellings: `import … from`, `export … from`, `import('…')` as a value or in a type. Computed names are not looked at. */
function importOf(node) {
  if (ts.isImportDeclaration(node)) return { specifier: node.moduleSpecifier.text, typeOnly: node.importClause?.isTypeOnly === true }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) return { specifier: node.moduleSpecifier.text, typeOnly: node.isTypeOnly }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return { specifier: node.argument.literal.text, typeOnly: true }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword && node.arguments[0] !== undefined && ts.isStringLiteralLike(node.arguments[0])) {
    return { specifier: node.arguments[0].text, typeOnly: false }
  }
  return undefined
}

/** Cycles of value imports; type-only imports vanish at run time and may go in circles (within their layer). */
function findCycles(graph) {
  const cycles = []
  const state = new Map()
  const walk = (file, path) => {
    if (state.get(file) === 'done' || !graph.has(file)) return
    const index = path.indexOf(file)
    if (index >= 0) {
      cycles.push([...path.slice(index), file])
      return
    }
    for (const { target, typeOnly } of graph.get(file)) if (target !== undefined && !typeOnly) walk(target, [...path, file])
    state.set(file, 'done')
  }
  for (const file of graph.keys()) walk(file, [])
  return cycles
}

function listFiles(folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    if (statSync(path).isDirectory()) return listFiles(path)
    return path.endsWith('.ts') && !path.endsWith('.d.ts') ? [path] : []
  })
}

function show(root, file) {
  return relative(root, file).split(sep).join('/')
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const root = process.argv[2] === undefined ? resolve(dirname(fileURLToPath(import.meta.url)), '..') : resolve(process.argv[2])
  const findings = checkArchitecture(root)
  for (const finding of findings) process.stdout.write(`${finding}\n`)
  process.stdout.write(findings.length === 0 ? 'architecture: in order\n' : `architecture: ${findings.length} findings\n`)
  process.exitCode = findings.length === 0 ? 0 : 1
}
