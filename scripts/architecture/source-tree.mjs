/** The repository as the architecture check sees it: packages, files, syntax trees, imports. Reads; judges nothing. */
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import ts from 'typescript'

/** Folders that hold nothing written by hand. */
const skippedFolders = new Set(['node_modules', 'dist', '.git', '.turbo', '.vitest', 'coverage', 'quickstart-report', 'fixtures'])

/** Every package and app: `{ group, name, folder, manifest, sources, tests }`, files as `{ path, shown, inside, text, tree, imports }`. */
export function readPackages(root) {
  return ['packages', 'apps'].flatMap((group) => {
    const parent = join(root, group)
    if (!existsSync(parent)) return []
    return readdirSync(parent)
      .filter((name) => existsSync(join(parent, name, 'package.json')))
      .map((name) => {
        const folder = join(parent, name)
        const read = (part) => typeScriptFiles(join(folder, part)).map((path) => readSource(root, path, join(folder, part)))
        return { group, name, folder, manifest: JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')), sources: read('src'), tests: read('test') }
      })
  })
}

/** Paths of all files below `folder` for which `wanted(name)` holds. */
export function listFiles(folder, wanted) {
  if (!existsSync(folder)) return []
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    if (statSync(path).isDirectory()) return skippedFolders.has(name) ? [] : listFiles(path, wanted)
    return wanted(name) ? [path] : []
  })
}

/** A path as people read it: from the root of the repository, with slashes. */
export function shownPath(root, path) {
  return relative(root, path).split(sep).join('/')
}

/** 1-based line of a node. */
export function lineOf(tree, node) {
  return tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1
}

function typeScriptFiles(folder) {
  return listFiles(folder, (name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
}

function readSource(root, path, folder) {
  const text = readFileSync(path, 'utf8')
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  return { path, shown: shownPath(root, path), inside: relative(folder, path).split(sep), text, tree, imports: importsOf(path, tree) }
}

/** Static, dynamic and type imports, and re-exports: `{ specifier, typeOnly, line, target }`; `target` is the file of a relative one. */
function importsOf(path, tree) {
  const imports = []
  const add = (node, literal, typeOnly) => {
    if (literal === undefined || !ts.isStringLiteralLike(literal)) return
    const specifier = literal.text
    const target = specifier.startsWith('.') ? resolve(dirname(path), specifier.replace(/\.js$/, '.ts')) : undefined
    imports.push({ specifier, typeOnly, line: lineOf(tree, node), target })
  }
  const visit = (node) => {
    if (ts.isImportDeclaration(node)) add(node, node.moduleSpecifier, node.importClause?.isTypeOnly === true)
    else if (ts.isExportDeclaration(node)) add(node, node.moduleSpecifier, node.isTypeOnly)
    else if (ts.isImportTypeNode(node)) add(node, node.argument.literal, true)
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) add(node, node.arguments[0], false)
    ts.forEachChild(node, visit)
  }
  visit(tree)
  return imports
}
