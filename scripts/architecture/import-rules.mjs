/** Rules about who imports whom: layers of core, borders between packages, cycles, declared dependencies. */
import { relative, sep } from 'node:path'
import { shownPath } from './source-tree.mjs'

/** Folders of core from the bottom up; a file imports from its own or a lower number only. */
const layers = { base: 0, errors: 0, model: 1, serialization: 1, telemetry: 1, provider: 2, authoring: 2, engine: 3, worker: 4, client: 4, config: 4 }
/** Entries of core and the highest layer each may show: a provider must not load the engine. */
const entries = { 'provider.ts': 2, 'engine.ts': 3, 'index.ts': 4 }
/** What a provider may import of us. */
const forProviders = new Set(['@dtfx/core/provider', '@dtfx/azure-common'])
/** Packages that may import more than `@dtfx/core/provider`, and what. */
const kits = { testing: /^@dtfx\/core(\/(provider|engine))?$/, cli: /^@dtfx\// }

export function checkImports(root, each) {
  const findings = each.sources.flatMap((source) => [...(each.name === 'core' ? checkLayers(each, source) : []), ...checkBorders(each, source)])
  if (each.name === 'core') findings.push(...each.tests.flatMap((test) => importing(test, /^@dtfx\//, () => ['core-alone', 'core and its tests know no other package'])))
  return [...findings, ...checkCycles(root, each.sources), ...checkDependencies(root, each)]
}

function checkLayers(each, { path, shown, inside, imports }) {
  const folder = inside.length > 1 ? inside[0] : undefined
  const own = folder === undefined ? entries[inside[0]] : layers[folder]
  if (own === undefined) return [{ file: shown, line: undefined, rule: 'layer-order', problem: `lies in no known layer; the layers are ${Object.keys(layers).join(', ')}` }]
  return imports.flatMap(({ specifier, target, line }) => {
    if (target === undefined) return []
    const to = relative(`${each.folder}/src`, target).split(sep)
    const refuse = (problem) => [{ file: shown, line, rule: 'layer-order', problem }]
    if (to.length === 1) return target === path ? [] : refuse(`imports the entry ${to[0]}; entries are for users`)
    return layers[to[0]] > own ? refuse(`is in layer ${folder ?? inside[0]} and imports the higher layer ${to[0]} (${specifier})`) : []
  })
}

function checkBorders(each, source) {
  const outside = source.imports.flatMap(({ specifier, target, line }) =>
    target !== undefined && relative(`${each.folder}/src`, target).startsWith('..') ? [{ file: source.shown, line, rule: 'package-border', problem: `imports ${specifier}, which leaves the sources of the package` }] : [],
  )
  if (each.group === 'apps') return outside
  if (each.name === 'core') return [...outside, ...importing(source, /^@dtfx\//, (name) => ['core-alone', `imports ${name}; core depends on no other package`])]
  const allowed = kits[each.name]
  const foreign = importing(source, /^@dtfx\//, (name) => {
    if (allowed === undefined) return forProviders.has(name) ? undefined : ['provider-border', `imports ${name}; providers import @dtfx/core/provider, and @dtfx/azure-common, only`]
    return allowed.test(name) ? undefined : ['package-border', `imports ${name}, which this package may not know`]
  })
  return [...outside, ...foreign]
}

function importing({ shown, imports }, pattern, judge) {
  return imports.flatMap(({ specifier, line }) => {
    const verdict = pattern.test(specifier) ? judge(specifier) : undefined
    return verdict === undefined ? [] : [{ file: shown, line, rule: verdict[0], problem: verdict[1] }]
  })
}

/** Cycles at run time are refused everywhere. Types may refer to each other within one folder (a definition and its context); between folders that is a cycle too. */
function checkCycles(root, sources) {
  const folderOf = new Map(sources.map(({ path, inside }) => [path, inside.length > 1 ? inside[0] : '']))
  const graph = (wanted) => new Map(sources.map(({ path, imports }) => [path, imports.filter(({ target, typeOnly }) => folderOf.has(target) && wanted(typeOnly)).map(({ target }) => target)]))
  const report = (cycle, kind) => ({ file: shownPath(root, cycle[0]), line: undefined, rule: 'import-cycle', problem: `${kind}: ${cycle.map((path) => shownPath(root, path)).join(' → ')}` })
  const atRunTime = findCycles(graph((typeOnly) => !typeOnly))
  const ofTypes = findCycles(graph(() => true)).filter((cycle) => new Set(cycle.map((path) => folderOf.get(path))).size > 1)
  return [...atRunTime.map((cycle) => report(cycle, 'import cycle')), ...(atRunTime.length > 0 ? [] : ofTypes.map((cycle) => report(cycle, 'import cycle of types between folders')))]
}

function findCycles(graph) {
  const cycles = []
  const done = new Set()
  const walk = (path, trail) => {
    const index = trail.indexOf(path)
    if (index >= 0) cycles.push([...trail.slice(index), path])
    if (index >= 0 || done.has(path)) return
    for (const target of graph.get(path)) walk(target, [...trail, path])
    done.add(path)
  }
  for (const path of graph.keys()) walk(path, [])
  return cycles
}

/** What is imported is declared, and what is declared is imported. Core declares nothing. */
function checkDependencies(root, each) {
  const { manifest } = each
  const file = shownPath(root, `${each.folder}/package.json`)
  const declared = new Set([manifest.dependencies, manifest.peerDependencies, manifest.optionalDependencies].flatMap((group) => Object.keys(group ?? {})))
  const used = new Set(each.sources.flatMap(({ imports }) => imports.map(({ specifier }) => packageOf(specifier)).filter((name) => name !== undefined && name !== manifest.name)))
  const typed = (name) => manifest.devDependencies?.[`@types/${name}`] !== undefined
  const add = (problem) => ({ file, line: undefined, rule: 'dependencies', problem })
  const missing = [...used].filter((name) => !declared.has(name) && !typed(name)).map((name) => add(`does not declare ${name}, which is imported`))
  // Apps also load packages by configuration.
  const unused = each.group === 'apps' ? [] : Object.keys(manifest.dependencies ?? {}).filter((name) => !used.has(name)).map((name) => add(`declares ${name}, which is not imported`))
  return [...missing, ...unused, ...(each.name === 'core' && declared.size > 0 ? [{ ...add('has run-time dependencies'), rule: 'core-alone' }] : [])]
}

function packageOf(specifier) {
  if (specifier.startsWith('.') || specifier.startsWith('node:')) return undefined
  return specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/')
}
