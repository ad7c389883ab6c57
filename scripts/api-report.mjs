/**
 * The public API of every published entry as text in git (`packages/<name>/api/*.api.md`), made from the built declarations, so that a review shows each change of it.
 * `node scripts/api-report.mjs` checks: the reports in git are those of the build, and no public type says `any`. `--write` writes them (`pnpm api` builds first).
 * A report also holds the types that users reach without being able to import them, so that nothing public is left out.
 */
import { CompilerState, Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { entriesOf, publishedPackages } from './packages/published.mjs'
import { declarationsWithAny, differences } from './packages/report-rules.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const write = process.argv.includes('--write')
const scratch = mkdtempSync(join(tmpdir(), 'dtfx-api-'))
const silent = { logLevel: 'none' }

/** `@dtfx/core/provider` → `core.provider.api.md` */
const reportName = (specifier) => `${specifier.slice('@dtfx/'.length).replaceAll('/', '.')}.api.md`

/** Fixed compiler settings and Unix line ends: the same report on every machine. */
function configure({ folder }, entry, files) {
  const compilerOptions = { target: 'es2023', lib: ['ES2023', 'ESNext.Disposable'], module: 'nodenext', strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, types: ['node'], typeRoots: [join(root, 'node_modules/@types')] }
  return ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: join(folder, 'package.json'),
    configObject: {
      projectFolder: folder,
      mainEntryPointFilePath: join(folder, entry.types),
      newlineKind: 'lf',
      compiler: { overrideTsconfig: { compilerOptions, files } },
      apiReport: { enabled: true, includeForgottenExports: true, reportFileName: reportName(entry.specifier), reportFolder: scratch, reportTempFolder: join(scratch, 'temp') },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: { compilerMessageReporting: { default: { logLevel: 'error' } }, extractorMessageReporting: { default: silent }, tsdocMessageReporting: { default: silent } },
    },
  })
}

/** Makes the report of each entry of a package: `{ specifier, path, text }`, or throws what is wrong with the declarations. */
function reportsOf(each) {
  const entries = entriesOf(each)
  // A package that is a command only.
  if (entries.length === 0) return []
  const files = entries.map(({ specifier, types }) => {
    if (types === undefined) throw new Error(`${specifier} has no types in package.json`)
    const path = join(each.folder, types)
    if (!existsSync(path)) throw new Error(`${relative(root, path)}, the types of ${specifier}, is not there: run pnpm build`)
    return path
  })
  const configs = entries.map((entry) => configure(each, entry, files))
  const compilerState = CompilerState.create(configs[0], { additionalEntryPoints: files })
  return entries.map(({ specifier }, index) => {
    const problems = []
    const messageCallback = (message) => {
      if (message.logLevel === ExtractorLogLevel.Error) problems.push(message.formatMessageWithLocation(root))
      message.handled = true
    }
    Extractor.invoke(configs[index], { localBuild: true, compilerState, messageCallback })
    if (problems.length > 0) throw new Error(`the declarations of ${specifier} have errors\n${problems.join('\n')}`)
    const name = reportName(specifier)
    return { specifier, path: join(each.folder, 'api', name), text: readFileSync(join(scratch, name), 'utf8') }
  })
}

function save({ path, text }) {
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, text)
}

/** Reports that belong to no entry any more. */
function strays({ folder }, reports) {
  const known = new Set(reports.map(({ path }) => path))
  const api = join(folder, 'api')
  return existsSync(api) ? readdirSync(api).map((name) => join(api, name)).filter((path) => !known.has(path)) : []
}

function problemsOf(each) {
  const reports = reportsOf(each)
  if (write) {
    for (const path of strays(each, reports)) rmSync(path)
    for (const report of reports) save(report)
  }
  const changes = reports.flatMap(({ specifier, path, text }) => {
    const lines = differences(existsSync(path) ? readFileSync(path, 'utf8') : '', text)
    return lines.length === 0 ? [] : [`the public API changed: run pnpm api and commit (${specifier}, ${relative(root, path)})\n${lines.join('\n').replace(/^/gm, '    ')}`]
  })
  const orphans = strays(each, reports).map((path) => `the public API changed: run pnpm api and commit (${relative(root, path)} belongs to no entry)`)
  const anys = reports.flatMap(({ specifier, text }) => declarationsWithAny(text).map((name) => `any in a public type: ${name} of ${specifier}`))
  return [...changes, ...orphans, ...anys]
}

try {
  const packages = publishedPackages(root)
  const problems = packages.flatMap(problemsOf)
  for (const problem of problems) process.stdout.write(`${problem}\n`)
  const count = packages.flatMap(entriesOf).length
  if (problems.length === 0) process.stdout.write(`public API: ${count} entries ${write ? 'written' : 'as in git'}\n`)
  process.exitCode = problems.length === 0 ? 0 : 1
} catch (error) {
  process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
